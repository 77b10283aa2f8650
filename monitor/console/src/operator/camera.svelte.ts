// The camera of this device, looked at by this page alone: what leaves it are three angles, thirty times a second.
import { now } from "./agent";
import type { Sample } from "./channel/packing";
import { HeadMotion, SIDE } from "./head";

const EVERY_S = 1 / 31;
const WISH = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } } };

/** The square of the picture that the head should fill, as left, top and side in the camera's own points. */
export function square(width: number, height: number): [number, number, number] {
  const side = width > height ? 0.66 * height : 0.85 * width;
  return [(width - side) / 2, Math.max(0, 0.47 * height - side / 2), side];
}

/** Follows a head with the camera until it is stopped. */
export class Camera {
  video = $state.raw<HTMLVideoElement | null>(null);
  seen = $state(false);

  readonly #move: (sample: Sample) => void;
  readonly #motion = new HeadMotion();
  readonly #canvas = new OffscreenCanvas(SIDE, SIDE);
  #stream: MediaStream | null = null;
  #last = 0;

  constructor(move: (sample: Sample) => void) {
    this.#move = move;
  }

  /** Ask for the camera. Rejects where the person or the browser refuses. */
  async start(): Promise<void> {
    const stream = (this.#stream = await navigator.mediaDevices.getUserMedia(WISH));
    const video = document.createElement("video");
    video.muted = video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    if (this.#stream !== stream) return; // stopped meanwhile
    this.video = video;
    this.#follow(video);
  }

  stop(): void {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.video = null;
    this.seen = false;
  }

  #follow(video: HTMLVideoElement): void {
    video.requestVideoFrameCallback(() => {
      if (this.video !== video) return;
      this.#see(video, now());
      this.#follow(video);
    });
  }

  #see(video: HTMLVideoElement, at: number): void {
    if (at - this.#last < EVERY_S * 0.8) return;
    this.#last = at;
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    const [left, top, side] = square(video.videoWidth, video.videoHeight);
    context.drawImage(video, left, top, side, side, 0, 0, SIDE, SIDE);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    const sample = this.#motion.see(luma(data), at);
    this.seen = this.#motion.seen;
    if (sample) this.#move(sample);
  }
}

function luma(data: Uint8ClampedArray): Float32Array {
  const made = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < made.length; i++) {
    made[i] = 0.299 * (data[4 * i] ?? 0) + 0.587 * (data[4 * i + 1] ?? 0) + 0.114 * (data[4 * i + 2] ?? 0);
  }
  return made;
}
