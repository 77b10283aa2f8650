// Single keys do things while nobody types and no window is open. They can be switched off (WCAG 2.1.4).
import { untrack } from "svelte";
import { keep } from "./language.svelte";

export interface Shortcut {
  key: string;
  says: () => string;
  act: () => void;
}

const at = $state<{ on: boolean }>({ on: read() });
let layers = $state.raw<Shortcut[][]>([]);

function read(): boolean {
  try {
    return localStorage.getItem("shortcuts") !== "off";
  } catch {
    return true;
  }
}

/** The shortcuts that count now, those of the newest page first. */
export function shortcuts(): Shortcut[] {
  return layers.flat();
}

export function shortcutsOn(): boolean {
  return at.on;
}

export function switchShortcuts(on: boolean): void {
  at.on = on;
  keep("shortcuts", on ? "on" : "off");
}

/** Let these keys count for as long as the page is there; to be returned from an effect. */
export function listen(layer: Shortcut[]): () => void {
  untrack(() => (layers = [layer, ...layers]));
  return () => untrack(() => (layers = layers.filter((one) => one !== layer)));
}

export function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (!at.on && event.key !== "?") return;
  const found = layers.flat().find((one) => one.key === event.key);
  if (!found) return;
  event.preventDefault();
  found.act();
}

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
