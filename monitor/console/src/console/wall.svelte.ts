// The streams on air, kept up to date by the service's events; after a gap everything is asked for anew.
import { get } from "../shared/api";
import { complain } from "../shared/notice.svelte";
import { hear, type Told } from "./news.svelte";
import type { Wording } from "../shared/language.svelte";
import type { Requested } from "./requested";

export type Driver = "HUMAN" | "MIXED" | "AI" | "UNKNOWN";
export type State = "pending" | "live" | "blind" | "cut" | "ended";
export type Rung = "watching" | "notify" | "challenge" | "grace" | "slate" | "drop" | "forbid" | "restored";

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
  /** Questions missed in a row until now. */
  missed: number;
}

export interface Entry {
  session: Status;
  avatar_name: string;
  picture: string | null;
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
/** How far up each rung is; what was let in again is watched like any other. */
const HEIGHT: Record<Rung, number> = {
  watching: 0,
  restored: 0,
  notify: 1,
  challenge: 2,
  grace: 3,
  slate: 4,
  drop: 5,
  forbid: 5,
};
const SETTLE_MS = 250;

export class Wall {
  entries = $state<Entry[]>([]);
  loaded = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begin; what is returned ends it. */
  open(): () => void {
    const end = hear(
      KINDS,
      (event) => this.#hear(event),
      () => void this.#load(),
    );
    return () => {
      end();
      clearTimeout(this.#timer);
    };
  }

  /** The streams, those that most need a person first. */
  get byRisk(): Entry[] {
    return [...this.entries].sort((one, other) => risk(other.session) - risk(one.session));
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
  "challenge.judged": (session, data) => {
    session.challenge = null;
    if (data.passed !== null) session.missed = data.passed ? 0 : session.missed + 1;
  },
  "challenges.missed": (session, data) => (session.missed = Number(data.missed)),
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
  const blind = session.state === "blind" ? 0.5 : 0;
  return HEIGHT[session.rung] * 2 + doubt + (session.missed > 1 ? 0.3 : 0) + blind;
}
