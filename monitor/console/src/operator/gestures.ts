// The gestures that may be asked for, as the service names them; left and right are the operator's own.
export const GESTURES = [
  "look_left",
  "look_right",
  "nod",
  "shake",
  "tilt_left",
  "tilt_right",
  "open_mouth",
  "blink_twice",
  "raise_hand",
] as const;
export type Gesture = (typeof GESTURES)[number];

export function known(gesture: string): gesture is Gesture {
  return (GESTURES as readonly string[]).includes(gesture);
}

/** What moves for a gesture; two in a row are never of the same movement. */
export function movement(gesture: Gesture): string {
  return (
    { look_left: "turn", look_right: "turn", shake: "turn", tilt_left: "tilt", tilt_right: "tilt" }[
      gesture as string
    ] ?? gesture
  );
}
