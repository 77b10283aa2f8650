// Frames: base64url(seal) "." payload. The seal is over the exact bytes of the payload, before any parsing.
import { type Kind, type Message, type Sent, kindOf, read } from "./message.ts";
import { type Octets, base64url, joined, unbase64url, utf8 } from "./octets.ts";
import { Fault, Violation } from "./violation.ts";

const SEAL_CHARACTERS = 43;
const LARGEST_FRAME = 65_536;

/** The tag that separates messages of one type from all else that the same key seals or signs. */
export function domain(type: string): Octets {
  return utf8(`nakanohito/${type}/v1\0`);
}

export function encoded(message: Sent): string {
  return JSON.stringify(message);
}

/** The text of one message of the server's. Throws Violation. */
export function frameOf(data: unknown): string {
  if (typeof data !== "string") throw new Violation(Fault.NotText, "messages are text, not binary");
  if (data.length > LARGEST_FRAME || utf8(data).length > LARGEST_FRAME) {
    throw new Violation(Fault.Oversized, `a message has at most ${LARGEST_FRAME} bytes`);
  }
  return data;
}

/** The payload of a frame whose seal nobody has checked yet. Throws Violation. */
export function unopened(frame: string): string {
  if (frame.length <= SEAL_CHARACTERS || frame[SEAL_CHARACTERS] !== ".") {
    throw new Violation(Fault.Malformed, "a frame is base64url(seal) '.' payload");
  }
  return frame.slice(SEAL_CHARACTERS + 1);
}

/** Both directions of one connection, each with its own key and its own strictly rising numbers. */
export class Line {
  readonly #outgoing: CryptoKey;
  readonly #incoming: CryptoKey;
  #sent = 0;
  #received = 0;

  constructor(outgoing: CryptoKey, incoming: CryptoKey) {
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  /** The number that the next message sent must carry. */
  get nextSeq(): number {
    return this.#sent + 1;
  }

  async send(message: Sent): Promise<{ frame: string; payload: Octets }> {
    this.#sent += 1;
    const written = encoded(message);
    const payload = utf8(written);
    const seal = await crypto.subtle.sign("HMAC", this.#outgoing, joined(domain(message.type), payload));
    return { frame: `${base64url(new Uint8Array(seal))}.${written}`, payload };
  }

  /** Open, read and number-check one frame. Throws Violation. */
  async receive(frame: string): Promise<Message> {
    const payload = unopened(frame);
    const kind: Kind = kindOf(payload);
    const seal = unbase64url(frame.slice(0, SEAL_CHARACTERS), 32);
    const sealed = joined(domain(kind), utf8(payload));
    if (!(await crypto.subtle.verify("HMAC", this.#incoming, seal, sealed))) {
      throw new Violation(Fault.BadSeal, "the seal does not fit the message");
    }
    const message = read(kind, payload) as Message;
    const number = "seq" in message ? message.seq : 0;
    if (number !== this.#received + 1) {
      throw new Violation(Fault.Sequence, `message ${this.#received + 1} was due, ${number} came`);
    }
    this.#received = number;
    return message;
  }
}
