// The motion of a head, found in a camera's picture by plain arithmetic: no model, and no picture leaves this page.
//
// The head is where the person has put it, in the middle of a square picture. Between two pictures it shifts, grows,
// tilts, and its front slides over its round form as it turns and nods; the six numbers that explain the change best
// (least squares, by Gauss and Newton) are found, and turning, nodding and tilting added up. What is seen are changes, so
// the angles have no true zero: they sink back to it within some seconds.
import type { Sample } from "./channel/packing.ts";

/** Rows and columns of the square picture. */
export const SIDE = 64;
/** Half of the head's width in shares of the picture's side; its height is a fifth more. */
export const RADIUS = 0.294;

const TALLER = 1.2;
const FADING = 0.7;
const ROUNDS = 3;
const DOUBT = 12;
const HELD_BACK = 1;
const LEAST_SLOPE = 1;
const SINK_S = 6;
const LONGEST_GAP_S = 0.25;
const LEAST_CONTRAST = 1.5;
const DEGREES = 180 / Math.PI;
const UNKNOWNS = 6;

/** Follows one head. Pictures are luma, row by row, not mirrored; times in seconds. */
export class HeadMotion {
  /** Whether there is something to follow: neither darkness nor a plain wall. */
  seen = false;
  #before: Float32Array | null = null;
  #at = 0;
  #pose = { yaw: 0, pitch: 0, roll: 0 };

  /** Take in one picture; the pose in degrees, or null where there is nothing to compare or to follow. */
  see(luma: ArrayLike<number>, t: number): Sample | null {
    const now = smoothed(luma);
    const before = this.#before;
    const elapsed = t - this.#at;
    this.#before = now;
    this.#at = t;
    this.seen = contrast(now) >= LEAST_CONTRAST;
    if (!before || !this.seen || elapsed <= 0 || elapsed > LONGEST_GAP_S) return null;
    const [, , , clockwise = 0, turned = 0, sunk = 0] = moved(before, now);
    const sink = Math.exp(-elapsed / SINK_S);
    const radius = RADIUS * SIDE;
    // Raw pictures show the person's left on the right; a head that looks up moves up, against the rows.
    this.#pose.yaw = this.#pose.yaw * sink + (turned / radius) * DEGREES;
    this.#pose.pitch = this.#pose.pitch * sink - (sunk / (radius * TALLER)) * DEGREES;
    this.#pose.roll = this.#pose.roll * sink - clockwise * DEGREES;
    return { t, ...this.#pose };
  }
}

/** What each point of the picture is to the head, reckoned once. */
const form = (() => {
  const [weight, u, v, across, down] = Array.from({ length: 5 }, () => new Float32Array(SIDE * SIDE)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const radius = RADIUS * SIDE;
  for (let i = 0; i < SIDE * SIDE; i++) {
    const x = (i % SIDE) - (SIDE - 1) / 2;
    const y = Math.floor(i / SIDE) - (SIDE - 1) / 2;
    const [aside, above] = [x / radius, y / (radius * TALLER)];
    u[i] = x;
    v[i] = y;
    weight[i] = Math.exp(-(aside * aside + above * above) / (2 * FADING * FADING));
    const [bulgeX, bulgeY] = [Math.max(0, 1 - aside * aside), Math.max(0, 1 - above * above)];
    across[i] = bulgeX * Math.sqrt(bulgeY);
    down[i] = bulgeY * Math.sqrt(bulgeX);
  }
  return { weight, u, v, across, down };
})();

/** Shift right and down (points), growth, turn clockwise (radians), and how far the front slid right and down. */
function moved(before: Float32Array, now: Float32Array): number[] {
  const slopes = slopesOf(before);
  const found = new Array<number>(UNKNOWNS).fill(0);
  for (let round = 0; round < ROUNDS; round++) {
    const step = solved(equations(before, now, slopes, found));
    for (let a = 0; a < UNKNOWNS; a++) found[a] = (found[a] ?? 0) + (step[a] ?? 0);
  }
  return found;
}

/** How each point's brightness answers to each of the six, six numbers a point; none where the surface is plain. */
function slopesOf(picture: Float32Array): Float32Array {
  const slopes = new Float32Array(SIDE * SIDE * UNKNOWNS);
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      const i = y * SIDE + x;
      const dx = (at(picture, i + 1) - at(picture, i - 1)) / 2;
      const dy = (at(picture, i + SIDE) - at(picture, i - SIDE)) / 2;
      if (dx * dx + dy * dy < LEAST_SLOPE) continue;
      const [u, v] = [at(form.u, i), at(form.v, i)];
      slopes.set(
        [dx, dy, dx * u + dy * v, dy * u - dx * v, dx * at(form.across, i), dy * at(form.down, i)],
        i * UNKNOWNS,
      );
    }
  }
  return slopes;
}

/** The normal equations, a row each with its right side last; what does not fit counts less. */
function equations(before: Float32Array, now: Float32Array, slopes: Float32Array, found: number[]): number[][] {
  const rows = Array.from({ length: UNKNOWNS }, () => new Array<number>(UNKNOWNS + 1).fill(0));
  const [right = 0, low = 0, growth = 0, turn = 0, turned = 0, sunk = 0] = found;
  for (let i = 0; i < SIDE * SIDE; i++) {
    if (at(slopes, i * UNKNOWNS) === 0 && at(slopes, i * UNKNOWNS + 1) === 0) continue;
    const [u, v] = [at(form.u, i), at(form.v, i)];
    const dx = right + growth * u - turn * v + turned * at(form.across, i);
    const dy = low + growth * v + turn * u + sunk * at(form.down, i);
    const left = at(before, i) - sampled(now, (i % SIDE) + dx, Math.floor(i / SIDE) + dy);
    const trust = at(form.weight, i) / (1 + (left / DOUBT) ** 2);
    for (let a = 0; a < UNKNOWNS; a++) {
      const row = rows[a] as number[];
      const share = trust * at(slopes, i * UNKNOWNS + a);
      for (let b = 0; b < UNKNOWNS; b++) row[b] = (row[b] ?? 0) + share * at(slopes, i * UNKNOWNS + b);
      row[UNKNOWNS] = (row[UNKNOWNS] ?? 0) + share * left;
    }
  }
  return rows;
}

/** Their solution, held back a little where the picture says nothing. */
function solved(rows: number[][]): number[] {
  rows.forEach((row, i) => (row[i] = (row[i] ?? 0) + HELD_BACK));
  rows.forEach((pivot, i) => {
    for (const [j, row] of rows.entries()) {
      if (i === j) continue;
      const share = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let k = i; k <= UNKNOWNS; k++) row[k] = (row[k] ?? 0) - share * (pivot[k] ?? 0);
    }
  });
  return rows.map((row, i) => (row[UNKNOWNS] ?? 0) / (row[i] ?? 1));
}

function sampled(picture: Float32Array, x: number, y: number): number {
  const left = Math.max(0, Math.min(SIDE - 2, Math.floor(x)));
  const top = Math.max(0, Math.min(SIDE - 2, Math.floor(y)));
  const [fx, fy] = [Math.max(0, Math.min(1, x - left)), Math.max(0, Math.min(1, y - top))];
  const i = top * SIDE + left;
  const above = at(picture, i) * (1 - fx) + at(picture, i + 1) * fx;
  const below = at(picture, i + SIDE) * (1 - fx) + at(picture, i + SIDE + 1) * fx;
  return above * (1 - fy) + below * fy;
}

/** The standard deviation of brightness where the head should be. */
function contrast(picture: Float32Array): number {
  let [sum, squares, whole] = [0, 0, 0];
  for (let i = 0; i < picture.length; i++) {
    const [weight, value] = [at(form.weight, i), at(picture, i)];
    whole += weight;
    sum += weight * value;
    squares += weight * value * value;
  }
  return Math.sqrt(Math.max(0, squares / whole - (sum / whole) ** 2));
}

/** Blurred by 1-2-1 in both directions: noise and edges of a point's width would mislead. */
function smoothed(luma: ArrayLike<number>): Float32Array {
  return blurred(blurred(Float32Array.from(luma), 1), SIDE);
}

function blurred(picture: Float32Array, stride: number): Float32Array {
  const made = new Float32Array(picture.length);
  for (let i = 0; i < picture.length; i++) {
    const place = stride === 1 ? i % SIDE : Math.floor(i / SIDE);
    const value = (by: number) => at(picture, i + stride * (Math.max(0, Math.min(SIDE - 1, place + by)) - place));
    made[i] = (value(-1) + 2 * value(0) + value(1)) / 4;
  }
  return made;
}

function at(values: Float32Array, i: number): number {
  return values[i] ?? 0;
}
