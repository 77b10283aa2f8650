// Who is who: the handles of accounts by their ids, asked for once a page.
import { get } from "../shared/api";

const known = $state<{ handles: Record<string, string> }>({ handles: {} });
let asked = false;

/** The handle of an account; undefined for a key, an operator, and while it is not known. */
export function handle(id: string): string | undefined {
  if (!asked && id.startsWith("acc_")) {
    asked = true;
    get<Record<string, string>>("/v1/accounts/handles").then(
      (found) => (known.handles = found),
      () => (asked = false),
    );
  }
  return known.handles[id];
}
