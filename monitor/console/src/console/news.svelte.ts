// What happens, as the service tells it: one stream of events for all that the console shows. After a gap whoever
// listens asks for everything anew.
import { untrack } from "svelte";

export interface Told {
  id: number;
  type: string;
  session: string;
  data: Record<string, unknown>;
}

interface Listener {
  kinds: readonly string[];
  told: (event: Told) => void;
  afresh: () => void;
}

const AGAIN_MS = 2_000;
const at = $state({ following: false });
const listeners = new Set<Listener>();
let events: EventSource | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let heard = new Set<string>();

/** Whether nothing is missed at the moment. */
export function following(): boolean {
  return at.following;
}

/** Follow what happens; what is returned ends it. */
export function follow(): () => void {
  untrack(attend);
  document.addEventListener("visibilitychange", attend);
  addEventListener("pagehide", leave);
  return () => {
    document.removeEventListener("visibilitychange", attend);
    removeEventListener("pagehide", leave);
    leave();
  };
}

/** A browser has six connections to a service for all its tabs: those that nobody sees keep none. */
function attend(): void {
  if (document.hidden) leave();
  else if (!events) open();
}

function leave(): void {
  clearTimeout(timer);
  close();
}

/** Hear of some kinds of events; ``afresh`` is called at first and after each gap. To be returned from an effect. */
export function hear(kinds: readonly string[], told: Listener["told"], afresh: () => void): () => void {
  const listener = { kinds, told, afresh };
  listeners.add(listener);
  kinds.forEach(listen);
  untrack(() => at.following && afresh());
  return () => listeners.delete(listener);
}

function open(): void {
  close();
  events = new EventSource("/v1/events");
  heard = new Set();
  for (const listener of listeners) listener.kinds.forEach(listen);
  events.onopen = () => {
    at.following = true;
    for (const listener of listeners) listener.afresh();
  };
  events.onerror = again;
  events.addEventListener("too-slow", again);
}

function listen(kind: string): void {
  if (!events || heard.has(kind)) return;
  heard.add(kind);
  events.addEventListener(kind, (message) => {
    const event = JSON.parse((message as MessageEvent<string>).data) as Told;
    for (const listener of listeners) if (listener.kinds.includes(kind)) listener.told(event);
  });
}

function again(): void {
  leave();
  timer = setTimeout(open, AGAIN_MS);
}

function close(): void {
  at.following = false;
  events?.close();
  events = null;
}
