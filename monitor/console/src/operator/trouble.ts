// What went wrong, in words for the operator.
import { Refused } from "../shared/api";
import { words } from "./words";

export function explained(error: unknown): string {
  if (error instanceof Refused) return error.problem.status === 0 ? words().unreachable : error.message;
  if (error instanceof DOMException && error.name === "NotAllowedError") return words().declined;
  if (error instanceof DOMException && error.name === "InvalidStateError") return words().knownKey;
  return error instanceof Error ? error.message : String(error);
}
