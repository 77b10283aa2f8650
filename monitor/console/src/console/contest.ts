// Appeals, reports and the breaker, as the service tells of them.
import type { Case } from "./case";

export interface Appeal {
  id: string;
  case: string;
  by: string;
  text: string;
  at: string;
  fast: boolean;
  due_at: string;
  outcome: "granted" | "rejected" | null;
  decided_at: string | null;
}

export interface AppealListed extends Appeal {
  about: Case;
}

export interface OnAir {
  session: string;
  at: string;
  state: string;
}

export interface Alike {
  avatar: string;
  name: string;
  similarity: number;
  sessions: OnAir[];
}

/** A picture on air that a reported likeness resembles: live now, or kept with a case. */
export interface Seen {
  session: string;
  live: boolean;
  case: string | null;
  at: number;
  similarity: number;
}

export interface Report {
  id: string;
  kind: "stream" | "likeness";
  at: string;
  due_at: string;
  answer: string | null;
  answered_at: string | null;
  answered_by: string | null;
  session: string | null;
  text: string;
  standing: string | null;
  found: Alike[];
  seen: Seen[];
}

export interface Held {
  held: boolean;
  because: string | null;
  lapsed: number;
  of: number;
  losses: Record<string, number>;
  lost: number;
}
