// Walking a list by keys: one row is the one that is meant, and has the focus.
import { words } from "../shared/words";
import type { Shortcut } from "../shared/keys.svelte";

export class Walk {
  at = $state(0);
  #count: () => number;

  constructor(count: () => number) {
    this.#count = count;
  }

  move(step: number): void {
    this.at = Math.max(0, Math.min(this.#count() - 1, this.at + step));
    document.querySelector<HTMLElement>(`[data-row="${this.at}"] a`)?.focus();
  }

  /** The keys that walk, and the one that opens what is meant. */
  keys(open: () => void): Shortcut[] {
    return [
      { key: "j", says: () => words().keyNext, act: () => this.move(1) },
      { key: "k", says: () => words().keyBefore, act: () => this.move(-1) },
      { key: "Enter", says: () => words().keyOpen, act: open },
    ];
  }
}
