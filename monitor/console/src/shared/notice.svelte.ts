// Short notices that come and go at the foot of the page, and are read out.
import { Refused } from "./api";
import { ended } from "./account.svelte";
import { words } from "./words";

export interface Notice {
  id: number;
  text: string;
  kind: "good" | "bad";
}

const told = $state<{ notices: Notice[] }>({ notices: [] });
let last = 0;

export function notices(): Notice[] {
  return told.notices;
}

export function tell(text: string, kind: Notice["kind"] = "good"): void {
  const id = ++last;
  told.notices.push({ id, text, kind });
  setTimeout(() => dismiss(id), kind === "good" ? 5_000 : 12_000);
}

export function dismiss(id: number): void {
  told.notices = told.notices.filter((notice) => notice.id !== id);
}

/** What went wrong, in words; a sign-in that has ended leads to signing in again. */
export function explained(error: unknown): string {
  if (error instanceof Refused) {
    if (error.problem.status === 401 && error.kind === "unauthorized") {
      ended();
      return words().signInEnded;
    }
    if (error.problem.status === 0) return words().unreachable;
    return error.message;
  }
  if (error instanceof DOMException && error.name === "NotAllowedError") return words().passkeyDeclined;
  if (error instanceof DOMException && error.name === "InvalidStateError") return words().passkeyKnown;
  return error instanceof Error ? error.message : String(error);
}

export function complain(error: unknown): void {
  tell(explained(error), "bad");
}
