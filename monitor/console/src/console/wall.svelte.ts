// The streams on air, kept up to date by the service's events; after a gap everything is asked for anew.
import { get } from "../shared/api";
import { complain } from "../shared/notice.svelte";
import type { Wording } from "../shared/language.svelte";
import type { Requested } from "./requested";

export type Driver = "HUMAN" | "MIXED" | "AI" | "UNKNOWN";
export type State = "pending" | "live" | "blind" | "cut" | "ended";
export type Rung = "watching" | "notify" | "challenge" | "grace" | "cut";

export interface Verdict {
  at: number;
  driver: Driver;
  p_human: number;
  findings: Record<string, string>;
  explanation: Wording;
}

export interface Status {
  id: string;
  state: State;
  account: string;
  avatar: string;
  policy: string;
  placement: { server: string; app: string; stream: string } | null;
  verdict: Verdict | null;
  rung: Rung;
  cause: string | null;
  rung_ends_in: number | null;
  held: boolean;
  operators_present: string[];
  challenge: Requested | null;
}

export interface Entry {
  session: Status;
  avatar_name: string;
  picture: string | null;
}

interface Told {
  id: number;
  type: string;
  session: string;
  data: Record<string, unknown>;
}

const KINDS = [
  "session.attached",
  "session.live",
  "session.blind",
  "session.sighted",
  "session.ended",
  "operator.present",
  "operator.lapsed",
  "challenge.asked",
  "challenge.judged",
  "verdict.changed",
  "ladder.step",
  "cut.intended",
  "cut.confirmed",
  "cut.failed",
];
const RUNGS: Rung[] = ["watching", "notify", "challenge", "grace", "cut"];
const AGAIN_MS = 2_000;
const SETTLE_MS = 250;

export class Wall {
  entries = $state<Entry[]>([]);
  loaded = $state(false);
  following = $state(false);
  #events: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Begin; what is returned ends it. */
  open(): () => void {
    this.#follow();
    return () => {
      this.#closed = true;
      clearTimeout(this.#timer);
      this.#events?.close();
    };
  }

  /** The streams, those that most need a person first. */
  get byRisk(): Entry[] {
    return [...this.entries].sort((one, other) => risk(other.session) - risk(one.session));
  }

  #follow(): void {
    const events = new EventSource("/v1/events");
    this.#events = events;
    events.onopen = () => {
      this.following = true;
      void this.#load();
    };
    events.onerror = () => this.#again();
    events.addEventListener("too-slow", () => this.#again());
    for (const kind of KINDS) {
      events.addEventListener(kind, (message) =>
        this.#hear(JSON.parse((message as MessageEvent<string>).data) as Told),
      );
    }
  }

  #again(): void {
    this.following = false;
    this.#events?.close();
    if (!this.#closed) this.#timer = setTimeout(() => this.#follow(), AGAIN_MS);
  }

  async #load(): Promise<void> {
    try {
      this.entries = await get<Entry[]>("/v1/wall");
      this.loaded = true;
    } catch (error) {
      complain(error);
    }
  }

  /** Several changes at once are one question. */
  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), SETTLE_MS);
  }

  #hear(event: Told): void {
    const session = this.entries.find((entry) => entry.session.id === event.session)?.session;
    const change = session && changes[event.type];
    if (change) change(session, event.data);
    else this.#soon();
  }
}

const changes: Record<string, (session: Status, data: Record<string, unknown>) => void> = {
  "session.live": (session) => (session.state = "live"),
  "session.blind": (session) => (session.state = "blind"),
  "session.sighted": (session) => (session.state = "live"),
  "verdict.changed": (session, data) => (session.verdict = data as unknown as Verdict),
  "challenge.asked": (session, data) => (session.challenge = data as unknown as Requested),
  "challenge.judged": (session) => (session.challenge = null),
  "ladder.step": (session, data) => {
    session.rung = data.rung as Rung;
    session.cause = (data.cause as string | null) ?? null;
    session.rung_ends_in = (data.ends_in as number | null) ?? null;
  },
  "operator.present": (session, data) => {
    const operator = String(data.operator);
    if (!session.operators_present.includes(operator)) session.operators_present.push(operator);
  },
  "operator.lapsed": (session, data) => {
    session.operators_present = session.operators_present.filter((one) => one !== data.operator);
  },
};

/** How much a stream needs a person: the ladder first, then how unlikely it is that a person drives. */
export function risk(session: Status): number {
  const doubt = session.verdict ? 1 - session.verdict.p_human : 0.4;
  return RUNGS.indexOf(session.rung) * 2 + doubt + (session.state === "blind" ? 0.5 : 0);
}
