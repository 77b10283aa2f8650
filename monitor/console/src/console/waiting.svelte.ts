// What waits for a person, beside the menu: appeals, reports, and whether all cuts are held.
import { may } from "../shared/account.svelte";
import { get, type Page } from "../shared/api";
import { complain } from "../shared/notice.svelte";
import type { AppealListed, Held, Report } from "./contest";
import { hear } from "./news.svelte";

const MOST = 100;
const SETTLE_MS = 250;
const at = $state<{ appeals: number; fast: number; reports: number; held: Held | null }>({
  appeals: 0,
  fast: 0,
  reports: 0,
  held: null,
});

/** What waits now. */
export const waiting = at;

/** How many, as the menu shows it. */
export const shown = (count: number) => (count >= MOST ? `${MOST - 1}+` : String(count));

/** Keep it up to date; to be returned from an effect. */
export function count(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void contested(), SETTLE_MS);
  };
  const ends = [
    hear(["case.appealed", "case.decided", "report.filed", "report.answered"], soon, soon),
    hear(["cuts.held", "cuts.released", "operator.present", "session.ended"], heldPerhaps, holding),
  ];
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
  };
}

async function contested(): Promise<void> {
  if (!may("cases:read")) return;
  try {
    const [appeals, reports] = await Promise.all([
      get<Page<AppealListed>>(`/v1/appeals?waiting=true&limit=${MOST}`),
      get<Page<Report>>(`/v1/reports?waiting=true&limit=${MOST}`),
    ]);
    at.appeals = appeals.items.length;
    at.fast = appeals.items.filter((one) => one.fast).length;
    at.reports = reports.items.length;
  } catch (error) {
    complain(error);
  }
}

/** Operators who come back change how many are lost; while nothing is held that is nobody's concern. */
function heldPerhaps(event: { type: string }): void {
  if (at.held?.held || event.type.startsWith("cuts.")) holding();
}

export function holding(): void {
  if (!may("cuts:read")) return;
  get<Held>("/v1/held").then((found) => (at.held = found), complain);
}
