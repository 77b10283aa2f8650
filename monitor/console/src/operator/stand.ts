// Where a shift stands, as one word out of a few: the most important one first.
import type { Shift } from "./shift.svelte";
import type { Words } from "./words";

export type Stand = keyof Words["status"];
export type Tone = "good" | "warn" | "bad" | "still" | "accent";

const ENDS: Record<string, Stand> = { superseded: "superseded", not_admitted: "refused", bye: "left", watched: "left" };

export function stand(shift: Shift): Stand {
  const { session } = shift;
  if (["drop", "forbid", "restored"].includes(session.rung)) return session.rung as Stand;
  if (session.state === "cut") return "cut";
  if (shift.link === "finished" && session.state !== "ended") return ENDS[shift.finished ?? ""] ?? "over";
  if (session.state === "ended") return "over";
  if (shift.watching && !session.here) return "away";
  if (shift.link === "connecting") return "connecting";
  if (shift.link === "lost") return "lost";
  if (shift.duty && !shift.duty.onShift) return shift.duty.needs === "verification" ? "unverified" : "needsKey";
  if (session.rung !== "watching") return session.rung;
  if (shift.breakUntil !== null) return "rest";
  if (session.state === "blind") return "blind";
  if (!shift.driving) return "standby";
  return session.state === "pending" ? "pending" : "well";
}

export const TONES: Record<Stand, Tone> = {
  connecting: "still",
  lost: "warn",
  needsKey: "accent",
  unverified: "warn",
  pending: "still",
  blind: "still",
  well: "good",
  standby: "accent",
  rest: "accent",
  away: "warn",
  notify: "warn",
  challenge: "warn",
  grace: "bad",
  slate: "bad",
  drop: "bad",
  forbid: "bad",
  restored: "good",
  cut: "bad",
  over: "still",
  superseded: "still",
  refused: "bad",
  left: "still",
};
