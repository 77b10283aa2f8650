// What hurts: the service may ask for the passkey once more. Then a window asks, and what was to be done goes on.
import { Refused } from "./api";

const waiting = $state<{ answer: ((done: boolean) => void) | null }>({ answer: null });

/** Whether the window is to be shown. */
export function asksForPasskey(): boolean {
  return waiting.answer !== null;
}

/** The person has used the passkey, or has not. */
export function answered(done: boolean): void {
  waiting.answer?.(done);
  waiting.answer = null;
}

/** Do something that hurts; asks for the passkey where the service wants it, and does it then. */
export async function withPasskey<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused) || error.kind !== "step-up") throw error;
    const done = await new Promise<boolean>((resolve) => (waiting.answer = resolve));
    if (!done) throw error;
    return await act();
  }
}
