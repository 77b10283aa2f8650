// Telemetry in a heartbeat: whole numbers, little end first, the times of all samples and then channel after channel.
import { base64 } from "./octets.ts";

/** Channels in their order on the wire, with what one step of each is: hundredths of a degree, or parts of a share. */
export const CHANNELS = {
  yaw: 0.01,
  pitch: 0.01,
  roll: 0.01,
  mouthOpen: 0.0001,
  eyeBlink: 0.0001,
  smile: 0.0001,
  handL: 0.0001,
  handR: 0.0001,
  torsoYaw: 0.01,
  torsoPitch: 0.01,
  torsoRoll: 0.01,
} as const;
export type Channel = keyof typeof CHANNELS;

/** A pose at `t` seconds on this side's monotonic clock, without the channels that are not tracked. */
export type Sample = { t: number } & { [C in Channel]?: number };

const MISSING = -32_768;
const MOST = 32_767;

/** Samples as a heartbeat carries them; undefined where there are none. */
export function packed(samples: readonly Sample[]): { channels: Channel[]; values: string } | undefined {
  if (samples.length === 0) return undefined;
  const all = Object.keys(CHANNELS) as Channel[];
  const channels = all.filter((channel) => samples.some((sample) => sample[channel] !== undefined));
  const view = new DataView(new ArrayBuffer(samples.length * (8 + 2 * channels.length)));
  samples.forEach((sample, i) => view.setBigInt64(8 * i, BigInt(rounded(sample.t * 1e6)), true));
  channels.forEach((channel, row) =>
    samples.forEach((sample, i) =>
      view.setInt16(
        8 * samples.length + 2 * (row * samples.length + i),
        steps(sample[channel], CHANNELS[channel]),
        true,
      ),
    ),
  );
  return { channels, values: base64(new Uint8Array(view.buffer)) };
}

function steps(value: number | undefined, step: number): number {
  return value === undefined ? MISSING : Math.max(-MOST, Math.min(MOST, rounded(value / step)));
}

/** Rounded to the even one of two that are as near, as the service does. */
function rounded(value: number): number {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
