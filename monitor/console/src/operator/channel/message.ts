// The messages of the channel and their strict reading: unknown names, wrong types and values out of range are refused.
import { Fault, Violation } from "./violation.ts";

type Is<T> = (value: unknown) => value is T;
interface Field<T, Optional extends boolean> {
  is: Is<T>;
  optional: Optional;
}

const needed = <T>(is: Is<T>): Field<T, false> => ({ is, optional: false });
const perhaps = <T>(is: Is<T>): Field<T, true> => ({ is, optional: true });

const text =
  (least: number, most: number, shape?: RegExp): Is<string> =>
  (value): value is string =>
    typeof value === "string" && value.length >= least && value.length <= most && (shape?.test(value) ?? true);
const number =
  (least: number, most: number): Is<number> =>
  (value): value is number =>
    typeof value === "number" && value >= least && value <= most;
const whole =
  (least: number): Is<number> =>
  (value): value is number =>
    Number.isSafeInteger(value) && (value as number) >= least;
const several =
  <T>(is: Is<T>, most: number): Is<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.length <= most && value.every((one) => is(one));
const yesOrNo: Is<boolean> = (value): value is boolean => typeof value === "boolean";

const name = text(1, 128, /^[A-Za-z0-9._~@-]+$/);
const nonce = text(22, 22);
const key = text(43, 43);
const code = text(1, 64);
const words = text(0, 2000);
const json = text(0, 16_384);
const seconds = number(-1e10, 1e10);
const sequence = whole(1);
const count = whole(0);
const span = number(0, 1e6);

/** What the server sends, name by name, as `protocols/channel/message.py` defines it. */
export const FROM_SERVER = {
  welcome: { version: needed(code), connection: needed(name), nonce: needed(nonce), key: needed(key) },
  refused: { code: needed(code), message: needed(words) },
  ready: {
    seq: needed(sequence),
    epoch: needed(count),
    nonce: needed(nonce),
    interval: needed(span),
    attest_every: needed(span),
    samples_per_beat: needed(count),
    driving: needed(yesOrNo),
    resumed: needed(yesOrNo),
  },
  ack: {
    seq: needed(sequence),
    of: needed(sequence),
    nonce: needed(nonce),
    taken: needed(count),
    refused: needed(count),
  },
  challenge: {
    seq: needed(sequence),
    id: needed(name),
    within: needed(span),
    nonce: needed(nonce),
    gesture: perhaps(code),
    then: perhaps(several(code, 2)),
    digits: perhaps(text(4, 8, /^[0-9]+$/)),
  },
  receipt: { seq: needed(sequence), id: needed(name), outcome: needed(code) },
  notice: {
    seq: needed(sequence),
    level: needed(code),
    code: needed(code),
    en: needed(words),
    zh: needed(words),
    within: perhaps(span),
  },
  floor: { seq: needed(sequence), driving: needed(yesOrNo) },
  duty: {
    seq: needed(sequence),
    on_shift: needed(yesOrNo),
    needs: perhaps(code),
    en: perhaps(words),
    zh: perhaps(words),
    ceremony: perhaps(name),
    options: perhaps(json),
    within: perhaps(span),
    verified_for: perhaps(seconds),
    break_for: perhaps(span),
    break_left: perhaps(span),
  },
  offered: { seq: needed(sequence), by: needed(name), nonce: needed(nonce), within: needed(span) },
  close: { seq: needed(sequence), code: needed(code), message: needed(words) },
} as const;

type Fields = Record<string, Field<unknown, boolean>>;
type Value<F> = F extends Field<infer T, boolean> ? T : never;
type Names<S, Optional extends boolean> = {
  [N in keyof S]: S[N] extends Field<unknown, Optional> ? N : never;
}[keyof S];
type Read<S> = { [N in Names<S, false>]: Value<S[N]> } & { [N in Names<S, true>]?: Value<S[N]> };

export type Kind = keyof typeof FROM_SERVER;
export type Received<K extends Kind> = Read<(typeof FROM_SERVER)[K]> & { type: K };
export type Message = { [K in Kind]: Received<K> }[Kind];

/** What this side sends; `type` is written first, so that a receiver knows which seal to check before it parses. */
export type Sent =
  | {
      type: "hello";
      version: string;
      session: string;
      operator: string;
      server_nonce: string;
      nonce: string;
      key: string;
    }
  | { type: "heartbeat"; seq: number; t: number; nonce?: string; samples?: { channels: string[]; values: string } }
  | { type: "answer"; seq: number; id: string; nonce: string; typed?: string }
  | { type: "attest"; seq: number; count: number; signature: string }
  | { type: "shift"; seq: number; ceremony: string; credential: string }
  | { type: "break"; seq: number; seconds: number }
  | { type: "back"; seq: number }
  | { type: "offer"; seq: number; to: string; nonce: string; signature: string }
  | { type: "accept"; seq: number; by: string; nonce: string; signature: string }
  | { type: "bye"; seq: number };

const OPENING = /^\{"type":"([a-z]{1,20})"/;

/** The type that a payload claims, read without parsing. Throws Violation. */
export function kindOf(payload: string): Kind {
  const found = OPENING.exec(payload)?.[1];
  if (found === undefined) throw new Violation(Fault.Malformed, 'a message starts with {"type":"…"');
  if (!Object.hasOwn(FROM_SERVER, found)) throw new Violation(Fault.UnknownType, `the server does not send '${found}'`);
  return found as Kind;
}

/** Read a message of one type. Throws Violation. */
export function read<K extends Kind>(kind: K, payload: string): Received<K> {
  const fields: Fields = FROM_SERVER[kind];
  const values = parsed(payload);
  const unknown = Object.keys(values).find((found) => found !== "type" && !Object.hasOwn(fields, found));
  if (values["type"] !== kind || unknown !== undefined) throw new Violation(Fault.Malformed, `${kind}: '${unknown}'`);
  for (const [field, { is, optional }] of Object.entries(fields)) {
    if (optional && !(field in values)) continue;
    if (!is(values[field])) throw new Violation(Fault.Malformed, `${kind}: '${field}' is not as it must be`);
  }
  return values as Received<K>;
}

export function isKind<K extends Kind>(message: Message, kind: K): message is Extract<Message, { type: K }> {
  return message.type === kind;
}

function parsed(payload: string): Record<string, unknown> {
  try {
    return JSON.parse(payload) as Record<string, unknown>; // it starts with an object's opening
  } catch {
    throw new Violation(Fault.Malformed, "a message is JSON");
  }
}
