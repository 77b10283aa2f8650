// Which cases were looked at in this tab, and the order of the queue that they came from. The service keeps its own
// record of looks, and decides many at once only over those.

const QUEUE = "queue";
const SEEN = "seen";
const at = $state<{ seen: string[] }>({ seen: recall(SEEN) });

function recall(name: string): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "[]") as string[];
  } catch {
    return [];
  }
}

function store(name: string, ids: string[]): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(ids));
  } catch {
    return;
  }
}

export function see(id: string): void {
  if (at.seen.includes(id)) return;
  at.seen = [...at.seen, id].slice(-2000);
  store(SEEN, at.seen);
}

export function seen(id: string): boolean {
  return at.seen.includes(id);
}

export function line(ids: string[]): void {
  store(QUEUE, ids);
}

/** The case so many places further in the queue; null at its ends. */
export function neighbour(id: string, step: number): string | null {
  const ids = recall(QUEUE);
  const here = ids.indexOf(id);
  return here < 0 ? null : (ids[here + step] ?? null);
}
