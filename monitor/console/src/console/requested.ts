// What an operator was asked for, in words: a gesture, several in a row, or digits to be typed.
import type { words } from "../shared/words";

export interface Requested {
  gesture: string | null;
  then?: string[];
}

export function requested(t: ReturnType<typeof words>, { gesture, then = [] }: Requested): string {
  if (gesture === null) return t.digits;
  return [gesture, ...then].map((one) => t.gestures[one] ?? one).join(" → ");
}
