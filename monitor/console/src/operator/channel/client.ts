// One connection, seen from the operator's side: a state machine without a socket and without a clock.
import { Chain } from "./chain.ts";
import { derive, transcript } from "./handshake.ts";
import { type Message, type Received, type Sent, kindOf, read } from "./message.ts";
import { type Octets, base64url, joined, lengthed, utf8 } from "./octets.ts";
import type { Outbox } from "./outbox.ts";
import { type Line, encoded, frameOf, unopened } from "./seal.ts";
import { Fault, Violation } from "./violation.ts";

export const VERSION = "nakanohito.operator.v1";

const HELLO_WITHIN = 5;
const SILENT_AFTER = 10;
const SAMPLE_AGE = 10;
const SAMPLES_PER_BEAT = 120;

/** Whether this operator is on shift; where a passkey is asked for, what the browser is to be given, and until when. */
export interface Duty {
  onShift: boolean;
  needs: string | null;
  en: string;
  zh: string;
  ceremony: string | null;
  options: string | null;
  until: number | null;
  /** Seconds until the operator's identity must be verified anew, where that is soon. */
  verifiedFor: number | null;
  /** Until when a break is on. */
  breakUntil: number | null;
  /** Seconds of breaks that are left of this hour; null where nothing was said of breaks. */
  breakLeft: number | null;
}

/** What is heard; times are on this side's clock. */
export type ClientEvent =
  | { type: "opened"; driving: boolean; resumed: boolean }
  | { type: "acknowledged"; roundTrip: number; taken: number; refused: number }
  | { type: "challenged"; challenge: string; gestures: string[]; digits: string | null; deadline: number }
  | { type: "receipted"; challenge: string; outcome: string }
  | { type: "noticed"; level: string; code: string; en: string; zh: string; until: number | null }
  | { type: "floor"; driving: boolean }
  | { type: "duty"; duty: Duty }
  | { type: "offered"; by: string; nonce: string; until: number }
  | { type: "ended"; code: string; message: string };

export type State = "waiting" | "claiming" | "open" | "closed";

/** What one connection is made of: who it is for, the device key's signature, and fresh randomness. */
export interface Beginning {
  session: string;
  operator: string;
  sign: (statement: Octets) => Promise<Octets>;
  ephemeral: CryptoKeyPair;
  nonce: Octets;
  outbox: Outbox;
  now: number;
}

interface Open {
  line: Line;
  chain: Chain;
  ready: Received<"ready">;
  connection: string;
  heard: number;
  beatDue: number;
  attestDue: number;
  nonce: string | null;
  sentAt: Map<number, number>;
}

/**
 * Says hello, beats, answers. Its methods are to be called one after the other, each awaited; those that hear or wait
 * throw Violation once the server has left the protocol, and the connection is closed.
 */
export class ClientConnection {
  state: State = "waiting";
  readonly #given: Beginning;
  readonly #openDeadline: number;
  #out: string[] = [];
  #claim: { welcome: Received<"welcome">; hello: Extract<Sent, { type: "hello" }>; transcript: Octets } | null = null;
  #open: Open | null = null;

  constructor(given: Beginning) {
    this.#given = given;
    this.#openDeadline = given.now + HELLO_WITHIN;
  }

  /** Messages to send, each once, in this order. */
  dataToSend(): string[] {
    return this.#out.splice(0);
  }

  /** Take one message. What comes after the connection was closed is not read. */
  async receive(data: unknown, now: number): Promise<ClientEvent[]> {
    if (this.state === "closed") return [];
    try {
      const frame = frameOf(data);
      if (this.#open) return [this.#event(this.#open, await this.#open.line.receive(frame), now)];
      return await this.#handshake(frame, now);
    } catch (failure) {
      this.state = "closed";
      throw failure;
    }
  }

  /**
   * Say that it is done, or what was typed: now, or after the next resume. False where it is not open, or was answered.
   */
  async answer(challenge: string, typed?: string): Promise<boolean> {
    if (!this.#given.outbox.answerable(challenge)) return false;
    const nonce = this.#given.outbox.answer(challenge, typed);
    if (this.state === "open") await this.#answer(challenge, nonce, typed);
    return true;
  }

  /** Begin a shift by the passkey's answer, as JSON. A ceremony is not kept for later: false where none is open. */
  async shift(ceremony: string, credential: string): Promise<boolean> {
    if (this.state !== "open") return false;
    await this.#send((seq) => ({ type: "shift", seq, ceremony, credential }));
    return true;
  }

  /** Announce a break of so many seconds, or end it by 0; whether it could be sent. */
  async rest(seconds: number): Promise<boolean> {
    if (this.state !== "open") return false;
    await this.#send((seq) => (seconds > 0 ? { type: "break", seq, seconds } : { type: "back", seq }));
    return true;
  }

  /** Offer the floor to another operator, signed; `nonce`: 16 random bytes. Whether it could be sent. */
  async offer(to: string, nonce: Octets): Promise<boolean> {
    if (!this.#open || this.state !== "open") return false;
    const told = base64url(nonce);
    const signature = await this.#signed(this.#open, this.#given.operator, to, told);
    await this.#send((seq) => ({ type: "offer", seq, to, nonce: told, signature }));
    return true;
  }

  /** Take the floor that another operator has offered, signed; whether it could be sent. */
  async accept(by: string, nonce: string): Promise<boolean> {
    if (!this.#open || this.state !== "open") return false;
    const signature = await this.#signed(this.#open, by, this.#given.operator, nonce);
    await this.#send((seq) => ({ type: "accept", seq, by, nonce, signature }));
    return true;
  }

  /** Leave on purpose, with the motion that is left. */
  async bye(now: number): Promise<void> {
    if (this.state === "open" && this.#open) {
      if (this.#given.outbox.waiting > 0) await this.#beat(this.#open, now);
      await this.#send((seq) => ({ type: "bye", seq }));
    }
    this.lost();
  }

  /** The transport is gone. */
  lost(): void {
    this.state = "closed";
  }

  /** When `expire` has something to do. */
  nextDeadline(): number | null {
    if (this.state === "closed") return null;
    if (!this.#open) return this.#openDeadline;
    return Math.min(this.#open.beatDue, this.#open.heard + SILENT_AFTER);
  }

  /** Beat and attest when due. Throws Violation where the server has fallen silent. */
  async expire(now: number): Promise<void> {
    const deadline = this.nextDeadline();
    if (deadline === null || now < deadline) return;
    if (!this.#open) throw this.#silent(Fault.Timeout, HELLO_WITHIN);
    if (now >= this.#open.heard + SILENT_AFTER) throw this.#silent(Fault.Silent, SILENT_AFTER);
    await this.#beat(this.#open, now);
    if (now >= this.#open.attestDue) await this.#attest(this.#open, now);
  }

  #silent(fault: Fault, seconds: number): Violation {
    this.state = "closed";
    return new Violation(fault, `nothing heard from the server for ${seconds} s`);
  }

  async #handshake(frame: string, now: number): Promise<ClientEvent[]> {
    if (!frame.startsWith("{")) return this.#ready(frame, now);
    const kind = kindOf(frame);
    if (kind === "refused") {
      const refused = read("refused", frame);
      this.state = "closed";
      return [{ type: "ended", code: refused.code, message: refused.message }];
    }
    if (kind !== "welcome" || this.state !== "waiting") {
      throw new Violation(Fault.Illegal, `'${kind}' has no place while the connection is ${this.state}`);
    }
    await this.#hello(read("welcome", frame));
    return [];
  }

  async #hello(welcome: Received<"welcome">): Promise<void> {
    if (welcome.version !== VERSION) {
      throw new Violation(Fault.Version, `the server speaks ${welcome.version}, this side ${VERSION}`);
    }
    const key = await crypto.subtle.exportKey("raw", this.#given.ephemeral.publicKey);
    const hello = {
      type: "hello" as const,
      version: VERSION,
      session: this.#given.session,
      operator: this.#given.operator,
      server_nonce: welcome.nonce,
      nonce: base64url(this.#given.nonce),
      key: base64url(new Uint8Array(key)),
    };
    const payload = encoded(hello);
    const signed = transcript(welcome, hello, utf8(payload));
    this.#claim = { welcome, hello, transcript: signed };
    this.#out.push(`${base64url(await this.#given.sign(signed))}.${payload}`);
    this.state = "claiming";
  }

  async #ready(frame: string, now: number): Promise<ClientEvent[]> {
    if (!this.#claim) throw new Violation(Fault.Illegal, "the first message is a welcome");
    const { welcome, hello } = this.#claim;
    // The epoch is part of the keys, so it is read before the seal can be checked, and used for nothing else.
    const unproven = unopened(frame);
    if (kindOf(unproven) !== "ready") throw new Violation(Fault.Illegal, "ready was due");
    const line = await derive(this.#given.ephemeral.privateKey, welcome, hello, read("ready", unproven).epoch);
    const ready = (await line.receive(frame)) as Received<"ready">;
    this.#open = {
      line,
      ready,
      chain: await Chain.after(this.#claim.transcript),
      connection: welcome.connection,
      heard: now,
      beatDue: now,
      attestDue: now + ready.attest_every,
      nonce: ready.nonce,
      sentAt: new Map(),
    };
    this.state = "open";
    this.#given.outbox.restart();
    for (const [id, nonce, typed] of this.#given.outbox.answers) await this.#answer(id, nonce, typed);
    return [{ type: "opened", driving: ready.driving, resumed: ready.resumed }];
  }

  #answer(id: string, nonce: string, typed?: string): Promise<void> {
    return this.#send((seq) => ({ type: "answer", seq, id, nonce, ...(typed === undefined ? {} : { typed }) }));
  }

  #event(open: Open, message: Message, now: number): ClientEvent {
    open.heard = now;
    switch (message.type) {
      case "ack":
        return this.#acknowledged(open, message, now);
      case "challenge":
        this.#given.outbox.challenged(message.id, message.nonce);
        return challenged(message, now);
      case "receipt":
        this.#given.outbox.receipted(message.id, message.outcome === "wrong_digits");
        return { type: "receipted", challenge: message.id, outcome: message.outcome };
      case "notice": {
        const { level, code, en, zh, within } = message;
        return { type: "noticed", level, code, en, zh, until: within === undefined ? null : now + within };
      }
      case "floor":
        return { type: "floor", driving: message.driving };
      case "duty":
        return { type: "duty", duty: told(message, now) };
      case "offered":
        return { type: "offered", by: message.by, nonce: message.nonce, until: now + message.within };
      case "close":
        this.state = "closed";
        return { type: "ended", code: message.code, message: message.message };
      case "welcome":
      case "refused":
      case "ready":
        throw new Violation(Fault.Illegal, `'${message.type}' has no place while the connection is open`);
    }
  }

  #acknowledged(open: Open, ack: Received<"ack">, now: number): ClientEvent {
    const sentAt = open.sentAt.get(ack.of);
    if (sentAt === undefined)
      throw new Violation(Fault.Sequence, `heartbeat ${ack.of} was not sent, or is acknowledged`);
    open.sentAt.delete(ack.of);
    open.nonce = ack.nonce;
    this.#given.outbox.acknowledged(ack.of);
    return { type: "acknowledged", roundTrip: now - sentAt, taken: ack.taken, refused: ack.refused };
  }

  async #beat(open: Open, now: number): Promise<void> {
    const limit = Math.min(open.ready.samples_per_beat, SAMPLES_PER_BEAT);
    const seq = open.line.nextSeq;
    const samples = this.#given.outbox.take(seq, limit, now - SAMPLE_AGE);
    const nonce = open.nonce === null ? {} : { nonce: open.nonce };
    open.nonce = null;
    open.sentAt.set(seq, now);
    await this.#send((next) => ({ type: "heartbeat", seq: next, t: now, ...nonce, ...(samples ? { samples } : {}) }));
    // A backlog goes out at twice the pace, far below what the server bears.
    const interval = open.ready.interval / (this.#given.outbox.waiting > 0 ? 2 : 1);
    open.beatDue = Math.max(open.beatDue + interval, now + interval / 2);
  }

  /** The device key's signature over a handover, which giver and taker both sign. */
  async #signed(open: Open, giver: string, taker: string, nonce: string): Promise<string> {
    const parts = [this.#given.session, String(open.ready.epoch), giver, taker, nonce].map(utf8);
    return base64url(await this.#given.sign(joined(utf8("nakanohito/handover/v1\0"), lengthed(...parts))));
  }

  async #attest(open: Open, now: number): Promise<void> {
    const statement = open.chain.statement(this.#given.session, open.connection, open.ready.epoch);
    const signature = base64url(await this.#given.sign(statement));
    await this.#send((seq) => ({ type: "attest", seq, count: open.chain.count, signature }));
    open.attestDue = now + open.ready.attest_every;
  }

  async #send(made: (seq: number) => Sent): Promise<void> {
    if (!this.#open) return;
    const { frame, payload } = await this.#open.line.send(made(this.#open.line.nextSeq));
    await this.#open.chain.add(payload);
    this.#out.push(frame);
  }
}

function told(duty: Received<"duty">, now: number): Duty {
  return {
    onShift: duty.on_shift,
    needs: duty.needs ?? null,
    en: duty.en ?? "",
    zh: duty.zh ?? "",
    ceremony: duty.ceremony ?? null,
    options: duty.options ?? null,
    until: duty.within === undefined ? null : now + duty.within,
    verifiedFor: duty.verified_for ?? null,
    breakUntil: duty.break_for === undefined ? null : now + duty.break_for,
    breakLeft: duty.break_left ?? null,
  };
}

function challenged({ id, gesture, then, digits, within }: Received<"challenge">, now: number): ClientEvent {
  const gestures = gesture === undefined ? [] : [gesture, ...(then ?? [])];
  return { type: "challenged", challenge: id, gestures, digits: digits ?? null, deadline: now + within };
}
