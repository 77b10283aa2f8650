// Light, dark, or as the system is.
import { keep } from "./language.svelte";

export type Theme = "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = $state<{ theme: Theme }>({ theme: first() });

function first(): Theme {
  const set = document.documentElement.dataset.theme;
  if (set === "light" || set === "dark") return set;
  return system.matches ? "dark" : "light";
}

export function theme(): Theme {
  return chosen.theme;
}

export function paint(next: Theme): void {
  chosen.theme = next;
  document.documentElement.dataset.theme = next;
  keep("theme", next);
}
