// The time of day for what is told relative to it; it moves while somebody looks.
import { createSubscriber } from "svelte/reactivity";

function ticking(every: number): { readonly now: number } {
  const subscribe = createSubscriber((update) => {
    const timer = setInterval(update, every);
    return () => clearInterval(timer);
  });
  return {
    get now(): number {
      subscribe();
      return Date.now();
    },
  };
}

/** For moments: it moves every ten seconds. */
export const clock = ticking(10_000);

/** For what is about to run out: every second. */
export const seconds = ticking(1_000);
