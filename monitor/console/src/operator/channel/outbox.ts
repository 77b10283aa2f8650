// What has not been brought home yet. It outlives connections, so that a resume loses nothing.
import { type Sample, packed } from "./packing.ts";

const SAMPLES = 2400;
const CHALLENGES = 32;

/** Telemetry until it is acknowledged, answers until there is a receipt. Bounded: the newest telemetry wins. */
export class Outbox {
  #samples: Sample[] = [];
  #sent = new Map<number, Sample[]>();
  #nonces = new Map<string, string>();
  #answered = new Map<string, string | undefined>();

  get waiting(): number {
    return this.#samples.length;
  }

  offer(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** At most `limit` samples for heartbeat `seq`, none older than `oldest`: nobody would take those. */
  take(seq: number, limit: number, oldest: number): ReturnType<typeof packed> {
    const good = this.#samples.findIndex((sample) => sample.t >= oldest);
    this.#samples.splice(0, good < 0 ? this.#samples.length : good);
    const taken = this.#samples.splice(0, limit);
    this.#sent.set(seq, taken);
    return packed(taken);
  }

  acknowledged(seq: number): void {
    this.#sent.delete(seq);
  }

  /** A new connection: what was sent and never acknowledged is to be sent again. */
  restart(): void {
    const order = [...this.#sent].sort(([a], [b]) => a - b);
    this.#samples.unshift(...order.flatMap(([, samples]) => samples));
    this.#sent.clear();
  }

  /** A challenge has come, or come again. */
  challenged(challenge: string, nonce: string): void {
    this.#nonces.set(challenge, nonce);
    const oldest = this.#nonces.keys().next().value;
    if (this.#nonces.size > CHALLENGES && oldest !== undefined) this.receipted(oldest);
  }

  /** Whether a challenge is known, and was not answered before. */
  answerable(challenge: string): boolean {
    return this.#nonces.has(challenge) && !this.#answered.has(challenge);
  }

  /** Answer a challenge that is answerable, by what was typed if anything; the nonce to answer with. */
  answer(challenge: string, typed?: string): string {
    this.#answered.set(challenge, typed);
    return this.#nonces.get(challenge) ?? "";
  }

  /** The server has the answer; `again`: it was mistyped, and may be typed again. */
  receipted(challenge: string, again = false): void {
    this.#answered.delete(challenge);
    if (!again) this.#nonces.delete(challenge);
  }

  /** Challenge, nonce and what was typed of each answer without a receipt. */
  get answers(): [string, string, string | undefined][] {
    return [...this.#answered].map(([challenge, typed]) => [challenge, this.#nonces.get(challenge) ?? "", typed]);
  }
}
