// A soft tone when something is asked, for whoever wants one. It is drawn here, two quiet sine waves; no file is loaded.
import { keep } from "../shared/language.svelte";

const NAME = "operator-sound";
const NOTES = [523.25, 659.25];
const LOUDNESS = 0.12;

const chosen = $state({ on: remembered() });
let context: AudioContext | null = null;

export const soundOn = () => chosen.on;

/** Switch the sound; to be called from a click, since browsers let no page make a sound before one. */
export function sounding(on: boolean): void {
  chosen.on = on;
  keep(NAME, on ? "on" : "off");
  if (on) chime();
}

/** Let the browser allow the sound later; to be called from a click. */
export function wakeSound(): void {
  if (chosen.on) void ready().resume();
}

export function chime(): void {
  if (!chosen.on) return;
  const audio = ready();
  void audio.resume();
  NOTES.forEach((note, i) => {
    const at = audio.currentTime + i * 0.18;
    const tone = new OscillatorNode(audio, { frequency: note, type: "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.7);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.75);
  });
}

function ready(): AudioContext {
  context ??= new AudioContext();
  return context;
}

function remembered(): boolean {
  try {
    return localStorage.getItem(NAME) !== "off";
  } catch {
    return true;
  }
}
