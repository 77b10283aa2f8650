// Cases, as the service tells of them.
import type { Wording } from "../shared/language.svelte";
import type { Appeal } from "./contest";
import type { Verdict } from "./wall.svelte";

export type CaseState = "open" | "more_asked" | "upheld" | "overturned";
export type Decision = "uphold" | "overturn" | "ask_more";

export interface Case {
  id: string;
  act: "cut" | "slate" | "drop" | "forbid";
  state: CaseState;
  version: number;
  cut: string | null;
  session: string;
  avatar: string;
  avatar_name: string;
  operators: string[];
  account: string;
  placement: { server: string; app: string; stream: string } | null;
  rule: string;
  cause: string;
  driver: string | null;
  p_human: number | null;
  policy: string;
  opened_at: string;
  four_eyes: boolean;
  proposal: { decision: Decision; by: string; because: string } | null;
  decided_by: string | null;
  because: string | null;
  decided_at: string | null;
  restored_at: string | null;
}

export interface Curve {
  t: number[];
  v: number[];
  unit: string;
  low: number;
  high: number;
}

export interface Timeline {
  end: number;
  series: Record<string, Curve>;
  challenges: {
    at: number;
    gesture: string | null;
    then?: string[];
    within?: number;
    passed?: boolean | null;
    score?: number | null;
  }[];
  steps: { at: number; rung: string; cause?: string | null }[];
  presence: { at: number; operator: string; present: boolean; cause?: string | null }[];
  blind: { at: number; blind: boolean }[];
}

export interface Weight {
  rule: string;
  start: number | null;
  end: number | null;
  weight: number;
  log_odds: number;
  facts: Record<string, string | number | boolean | null>;
  words: Wording | null;
}

export interface Clip {
  name: string;
  at: number;
  trouble?: string;
}

export interface Keeping {
  retention: string;
  until: string;
  hold: boolean;
  missing: string | null;
}

export interface Dossier extends Case {
  exhibits?: { name: string; media_type: string; size: number; sha256: string; url: string | null }[];
  clips?: Clip[];
  keeping?: Keeping;
  detail: { state: string; decided_at: string; seconds: number | null; until: string | null; enforcer: string } | null;
  verdict: Verdict | null;
  table: Weight[];
  timeline: Timeline;
  appeal?: Appeal | null;
  notes: { id: string; by: string; at: string; text: string }[];
  looks: { id: string; by: string; at: string; seconds: number }[];
  look: { id: string; by: string; at: string; seconds: number };
}

export const STATES: CaseState[] = ["open", "more_asked", "upheld", "overturned"];
export const RULES = [
  "registration",
  "likeness",
  "presence",
  "repetition",
  "authenticity",
  "originality",
  "challenge",
  "driving",
];
export const TONES: Record<CaseState, "warn" | "accent" | "bad" | "good"> = {
  open: "warn",
  more_asked: "accent",
  upheld: "bad",
  overturned: "good",
};

export function decided(state: CaseState): boolean {
  return state === "upheld" || state === "overturned";
}

export function place(one: Case): string {
  const at = one.placement;
  return at ? `${at.server}/${at.app}/${at.stream}` : "WHIP";
}
