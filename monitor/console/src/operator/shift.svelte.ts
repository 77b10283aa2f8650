// A shift as the page shows it: what the channel has told, and what the service says of the stream.
import { Agent, type AgentEvent, now } from "./agent";
import { myDevice, own, type OwnSession, standing } from "./own.svelte";
import { assert } from "../shared/passkey";
import type { Duty } from "./channel/client";
import type { Sample } from "./channel/packing";
import { chime } from "./sound.svelte";

const LOOK_EVERY_MS = 3_000;
const WATCH_EVERY_MS = 1_000;
const TOLD = 20;
const OUTCOME_FOR = 6;

export interface Asked {
  id: string;
  /** What is to be shown, in this order; none where digits are to be typed. */
  gestures: string[];
  /** The digits to type; "" where the studio program shows them, and has them typed. */
  digits: string | null;
  /** Whether they were mistyped. */
  again: boolean;
  deadline: number;
  within: number;
  answered: boolean;
}

export interface Told {
  id: number;
  at: Date;
  level: string;
  code: string;
  en: string;
  zh: string;
  until: number | null;
}

export interface Offered {
  by: string;
  nonce: string;
  until: number;
}

export type Outcome =
  | { kind: "accepted" }
  | { kind: "missed" }
  | { kind: "refused"; outcome: string }
  | { kind: "said"; en: string; zh: string };
export type Link = "connecting" | "open" | "lost" | "finished";

/** One shift, from the click that begins it to its last word. */
export class Shift {
  session: OwnSession = $state() as OwnSession;
  link = $state<Link>("connecting");
  retryAt = $state(0);
  finished = $state<string | null>(null);
  driving = $state(false);
  asked = $state<Asked | null>(null);
  outcome = $state<Outcome | null>(null);
  told = $state<Told[]>([]);
  duty = $state.raw<Duty | null>(null);
  asserting = $state(false);
  verifiedFor = $state<number | null>(null);
  breakUntil = $state<number | null>(null);
  breakLeft = $state<number | null>(null);
  offered = $state<Offered | null>(null);
  handedTo = $state<string | null>(null);
  roundTrip = $state<number | null>(null);
  takenAt = $state(-Infinity);
  endsAt = $state<number | null>(null);
  time = $state(now());

  #agent: Agent | null = null;
  #outcomeUntil = 0;
  #count = 0;
  #timers: ReturnType<typeof setInterval>[] = [];
  #lock: WakeLockSentinel | null = null;

  /** `watching`: beside the studio program, which holds the channel; this page only shows what it is asked. */
  constructor(
    session: OwnSession,
    readonly watching = false,
  ) {
    this.session = session;
    this.#settle(session);
  }

  async begin(): Promise<void> {
    const me = own();
    if (!me) return;
    document.addEventListener("visibilitychange", this.#stayAwake);
    void this.#stayAwake();
    this.#timers = [setInterval(() => this.#tick(), 200)];
    if (this.watching) {
      this.link = "open";
      this.#timers.push(setInterval(() => void this.#look(), WATCH_EVERY_MS));
      return;
    }
    this.#timers.push(setInterval(() => void this.#look(), LOOK_EVERY_MS));
    this.#agent = new Agent(me.operator, this.session.id, await myDevice(), (event) => this.#hear(event));
  }

  /** Answer with the passkey what the shift begins by. Rejects where the person declines. */
  async prove(): Promise<void> {
    const { ceremony, options } = this.duty ?? {};
    if (!ceremony || !options || this.asserting) return;
    this.asserting = true;
    try {
      this.#agent?.shift(ceremony, await assert(JSON.parse(options) as Record<string, unknown>));
    } finally {
      this.asserting = false;
    }
  }

  /** What is asked is done, or was typed. */
  answer(typed?: string): void {
    if (!this.asked || this.asked.answered) return;
    this.asked.answered = true;
    this.#agent?.answer(this.asked.id, typed);
  }

  /** Announce a break of so many seconds, or end it by 0. */
  rest(seconds: number): void {
    this.#agent?.rest(seconds);
  }

  handOver(to: string): void {
    this.handedTo = to;
    this.#agent?.handOver(to);
  }

  takeOver(): void {
    if (this.offered) this.#agent?.takeOver(this.offered.by, this.offered.nonce);
    this.offered = null;
  }

  /** One sample of motion; only who drives is heard for it. */
  move(sample: Sample): void {
    if (this.driving && this.link === "open") this.#agent?.move(sample);
  }

  /** End the shift; one that is only watched goes on without us. */
  leave(): void {
    if (this.watching) this.#finish("watched");
    else this.#agent?.leave();
  }

  #hear(event: AgentEvent): void {
    this.time = now();
    switch (event.type) {
      case "connecting":
        if (this.link !== "lost") this.link = "connecting";
        break;
      case "opened":
        this.link = "open";
        this.driving = event.driving;
        void this.#look();
        break;
      case "disconnected":
        this.link = "lost";
        this.retryAt = event.retryAt;
        break;
      case "finished":
        this.#finish(event.code);
        break;
      case "acknowledged":
        this.roundTrip = event.roundTrip;
        if (event.taken > 0) this.takenAt = now();
        break;
      case "floor":
        this.driving = event.driving;
        this.handedTo = null;
        void this.#look();
        break;
      case "offered":
        this.offered = { by: event.by, nonce: event.nonce, until: event.until };
        chime();
        break;
      case "challenged":
        this.#challenged(event.challenge, event.gestures, event.digits, event.deadline);
        break;
      case "receipted":
        this.#receipted(event.challenge, event.outcome);
        break;
      case "noticed":
        this.#noticed(event);
        break;
      case "duty":
        this.#onDuty(event.duty);
        break;
      case "ended":
        break;
    }
  }

  #onDuty(duty: Duty): void {
    const first = this.duty === null;
    this.duty = duty;
    this.verifiedFor = duty.verifiedFor ?? this.verifiedFor;
    if (duty.breakLeft !== null) {
      this.breakLeft = duty.breakLeft;
      this.breakUntil = duty.breakUntil;
    }
    if (duty.onShift && duty.en) this.#refused(duty);
    // The click that went on shift counts as the person's wish; where the browser wants another, a button asks for it.
    if (first && duty.needs === "passkey") this.prove().catch(() => {});
    void this.#look();
  }

  /** What was wished and cannot be, as a break without a budget or a handover to somebody who has gone. */
  #refused({ en, zh, verifiedFor }: Duty): void {
    if (verifiedFor !== null) return; // a reminder, which stands among the facts
    this.handedTo = null;
    this.#show({ kind: "said", en, zh });
  }

  #challenged(id: string, gestures: string[], digits: string | null, deadline: number): void {
    // After a resume what is open is asked again; what was answered meanwhile is on its way.
    const answered = this.asked?.id === id && this.asked.answered;
    if (this.asked?.id !== id) chime();
    const within = this.asked?.id === id ? this.asked.within : deadline - now();
    const again = this.asked?.id === id && this.asked.again;
    this.asked = { id, gestures, digits, again, deadline, within, answered };
    this.outcome = null;
  }

  #receipted(id: string, outcome: string): void {
    if (this.asked?.id === id && outcome === "wrong_digits") {
      this.asked = { ...this.asked, again: true, answered: false };
      return;
    }
    if (this.asked?.id === id) this.asked = null;
    this.#show(outcome === "accepted" ? { kind: "accepted" } : { kind: "refused", outcome });
  }

  #noticed(event: Extract<AgentEvent, { type: "noticed" }>): void {
    const { level, code, en, zh, until } = event;
    const last = this.told[0];
    if (last && last.code === code && last.en === en) return; // told again after a resume
    if (level !== "info") chime();
    this.told = [{ id: ++this.#count, at: new Date(), level, code, en, zh, until }, ...this.told].slice(0, TOLD);
    if (!this.watching) void this.#look();
  }

  #show(outcome: Outcome): void {
    this.outcome = outcome;
    this.#outcomeUntil = now() + OUTCOME_FOR;
  }

  #tick(): void {
    this.time = now();
    if (this.asked && this.time > this.asked.deadline + (this.asked.answered ? 3 : 0)) {
      const { answered } = this.asked;
      this.asked = null;
      if (!answered && !this.watching) this.#show({ kind: "missed" });
    }
    if (this.outcome && this.time > this.#outcomeUntil) this.outcome = null;
    if (this.offered && this.time > this.offered.until) this.offered = null;
    if (this.breakUntil !== null && this.time > this.breakUntil) this.breakUntil = null;
  }

  async #look(): Promise<void> {
    try {
      this.#settle(await standing(this.session.id));
    } catch {
      // The channel says whether the service is there; what was known last stays.
    }
  }

  #settle(session: OwnSession): void {
    this.session = session;
    this.endsAt = session.rung_ends_in === null ? null : now() + session.rung_ends_in;
    if (this.watching) this.#watch(session);
  }

  /** What the channel would have told, from what the service says of the stream. */
  #watch({ here, challenge, reason, rung, cause, state }: OwnSession): void {
    this.driving = here;
    if (challenge) {
      const gestures = challenge.gesture === null ? [] : [challenge.gesture, ...challenge.then];
      this.#challenged(challenge.id, gestures, challenge.digits ? "" : null, now() + challenge.ends_in);
    } else this.asked = null;
    if (reason) {
      this.#noticed({ type: "noticed", level: "warning", code: `${rung}.${cause}`, ...reason, until: null });
    }
    if (state === "ended" || state === "cut") this.#finish("session_over");
  }

  #finish(code: string): void {
    this.link = "finished";
    this.finished = code;
    this.asked = null;
    this.#timers.forEach(clearInterval);
    document.removeEventListener("visibilitychange", this.#stayAwake);
    void this.#lock?.release();
    if (!this.watching) void this.#look();
  }

  /** Keep the screen on, where the browser lets us: a phone that sleeps hears no question. */
  readonly #stayAwake = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      this.#lock = null; // as when the battery is low
    }
  };
}
