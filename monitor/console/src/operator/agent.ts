// The operator's end of the channel in the browser: keeps a connection, forwards motion, and tells what it hears.
import { ClientConnection, type ClientEvent, VERSION } from "./channel/client.ts";
import { Outbox } from "./channel/outbox.ts";
import type { Sample } from "./channel/packing.ts";
import { Violation } from "./channel/violation.ts";
import type { Device } from "./device.ts";

const FIRST_GAP = 0.25;
const LONGEST_GAP = 15;
const STEADY = 10;
// A broadcast that has just been attached, or a service that has just started, may not know its operators yet.
const REFUSALS = 4;
// With these another attempt would only meet the same answer, or drive out whoever has taken over.
const FINAL = new Set(["not_admitted", "superseded", "session_over", "version"]);

export type AgentEvent =
  | ClientEvent
  | { type: "connecting" }
  | { type: "disconnected"; cause: string; retryAt: number }
  | { type: "finished"; code: string };

/** Seconds on the clock that all times of the channel are on. */
export const now = () => performance.now() / 1000;

/** One operator on one session, until `leave` or the server's last word. */
export class Agent {
  readonly #operator: string;
  readonly #session: string;
  readonly #device: Device;
  readonly #tell: (event: AgentEvent) => void;
  readonly #outbox = new Outbox();
  readonly #pulse = new Worker(new URL("./pulse.ts", import.meta.url), { type: "module" });
  #socket: WebSocket | null = null;
  #connection: ClientConnection | null = null;
  #turn: Promise<void> = Promise.resolve();
  #failures = 0;
  #refusals = 0;
  #began = 0;
  #retryAt: number | null = null;
  #over = false;

  constructor(operator: string, session: string, device: Device, tell: (event: AgentEvent) => void) {
    this.#operator = operator;
    this.#session = session;
    this.#device = device;
    this.#tell = tell;
    this.#pulse.onmessage = () => this.#woken();
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  /** Say that it is done, or what was typed; sent after the next resume where the connection is down. */
  answer(challenge: string, typed?: string): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#over) return;
      await this.#connection?.answer(challenge, typed);
      if (this.#socket) this.#flush(this.#socket);
    });
  }

  /** Begin the shift by what the passkey has answered. */
  shift(ceremony: string, credential: unknown): void {
    this.#then(async (connection) => void (await connection.shift(ceremony, JSON.stringify(credential))));
  }

  /** Announce a break of so many seconds, or end it by 0. */
  rest(seconds: number): void {
    this.#then(async (connection) => void (await connection.rest(seconds)));
  }

  /** Offer the floor to a colleague who is there. */
  handOver(to: string): void {
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    this.#then(async (connection) => void (await connection.offer(to, nonce)));
  }

  /** Take the floor that a colleague has offered. */
  takeOver(by: string, nonce: string): void {
    this.#then(async (connection) => void (await connection.accept(by, nonce)));
  }

  /** One sample of motion, to go with the next heartbeat. */
  move(sample: Sample): void {
    this.#outbox.offer(sample);
  }

  /** Leave on purpose, and tell the server. */
  leave(): void {
    this.#then((connection) => connection.bye(now()));
    this.#turn = this.#turn.then(() => this.#finish("bye"));
  }

  #connect(): void {
    this.#retryAt = null;
    this.#began = now();
    this.#tell({ type: "connecting" });
    const url = new URL("/v1/operator", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(url, VERSION));
    this.#turn = this.#turn.then(() => this.#prepare(socket));
    socket.onmessage = ({ data }) => this.#then((connection) => this.#heard(connection, socket, data), socket);
    socket.onclose = () => {
      // The server's last words may still wait for their turn.
      this.#turn = this.#turn.then(() => this.#lost(socket, "unavailable"));
    };
  }

  async #prepare(socket: WebSocket): Promise<void> {
    if (socket !== this.#socket) return; // it is gone again already
    this.#connection = new ClientConnection({
      session: this.#session,
      operator: this.#operator,
      sign: this.#device.sign,
      ephemeral: (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair,
      nonce: crypto.getRandomValues(new Uint8Array(16)),
      outbox: this.#outbox,
      now: now(),
    });
    this.#flush(socket);
  }

  /** Do one thing after another, and send what comes of it. */
  #then(act: (connection: ClientConnection) => Promise<void>, of?: WebSocket): void {
    this.#turn = this.#turn.then(async () => {
      const socket = this.#socket;
      if (this.#over || !this.#connection || !socket || (of && of !== socket)) return;
      try {
        await act(this.#connection);
        this.#flush(socket);
      } catch (failure) {
        this.#flush(socket);
        this.#lost(socket, failure instanceof Violation ? failure.fault : "unavailable");
      }
    });
  }

  async #heard(connection: ClientConnection, socket: WebSocket, data: unknown): Promise<void> {
    for (const event of await connection.receive(data, now())) {
      if (event.type === "opened") this.#refusals = 0;
      if (event.type !== "ended") this.#tell(event);
      else if (event.code === "not_admitted" && ++this.#refusals < REFUSALS) this.#lost(socket, event.code);
      else if (FINAL.has(event.code)) this.#finish(event.code);
      else this.#lost(socket, event.code);
    }
  }

  #flush(socket: WebSocket): void {
    const connection = this.#connection;
    if (!connection) return;
    for (const data of connection.dataToSend()) if (socket.readyState === WebSocket.OPEN) socket.send(data);
    this.#arm();
  }

  /** Let the pulse wake us for what comes next: another attempt, or what the connection has to do. */
  #arm(): void {
    const deadline = this.#retryAt ?? this.#connection?.nextDeadline();
    if (deadline !== null && deadline !== undefined) this.#wakeAt(deadline);
  }

  #lost(socket: WebSocket, cause: string): void {
    if (this.#over || socket !== this.#socket) return;
    this.#connection?.lost();
    this.#socket = null;
    socket.close();
    if (now() - this.#began > STEADY) this.#failures = 0;
    const whole = Math.min(LONGEST_GAP, FIRST_GAP * 2 ** Math.min(this.#failures++, 16));
    this.#retryAt = now() + whole * (0.5 + Math.random() / 2);
    this.#tell({ type: "disconnected", cause, retryAt: this.#retryAt });
    this.#arm();
  }

  #woken(): void {
    if (this.#over) return;
    if (this.#retryAt === null) this.#then((connection) => connection.expire(now()));
    else if (now() >= this.#retryAt) this.#connect();
    else this.#arm();
  }

  /** The network is back, or somebody looks again: do not wait for the next attempt. */
  readonly #hurry = (): void => {
    if (this.#retryAt !== null) this.#retryAt = now();
    this.#wakeAt(now());
  };

  #wakeAt(at: number): void {
    this.#pulse.postMessage(Math.max(0, (at - now()) * 1000));
  }

  #finish(code: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.close();
    this.#pulse.terminate();
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#tell({ type: "finished", code });
  }
}
