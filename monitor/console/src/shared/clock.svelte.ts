// The time of day for what is told relative to it; it moves while somebody looks.
import { createSubscriber } from "svelte/reactivity";

const EVERY_MS = 10_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, EVERY_MS);
  return () => clearInterval(timer);
});

export const clock = {
  get now(): number {
    subscribe();
    return Date.now();
  },
};
