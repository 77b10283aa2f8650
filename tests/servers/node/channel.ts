// The page's end of the operator channel, driven over standard input: a command a line, what came of it a line.
import { createInterface } from "node:readline";
import { ClientConnection, type ClientEvent } from "../../../monitor/console/src/operator/channel/client.ts";
import { FROM_SERVER } from "../../../monitor/console/src/operator/channel/message.ts";
import { base64url } from "../../../monitor/console/src/operator/channel/octets.ts";
import { Outbox } from "../../../monitor/console/src/operator/channel/outbox.ts";
import { packed } from "../../../monitor/console/src/operator/channel/packing.ts";
import { Violation } from "../../../monitor/console/src/operator/channel/violation.ts";

const device = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
const outboxes = new Map<string, Outbox>();
let connection: ClientConnection;

async function begin({ session, operator, now }: Record<string, any>): Promise<void> {
  const outbox = outboxes.get(operator) ?? new Outbox();
  outboxes.set(operator, outbox);
  connection = new ClientConnection({
    session,
    operator,
    outbox,
    now,
    nonce: crypto.getRandomValues(new Uint8Array(16)),
    ephemeral: (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair,
    sign: async (statement) => new Uint8Array(await crypto.subtle.sign("Ed25519", device.privateKey, statement)),
  });
}

const names = () =>
  Object.fromEntries(
    Object.entries(FROM_SERVER).map(([kind, fields]) => [
      kind,
      Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.optional])),
    ]),
  );

async function done(command: Record<string, any>): Promise<unknown> {
  switch (command["do"]) {
    case "key":
      return base64url(new Uint8Array(await crypto.subtle.exportKey("raw", device.publicKey)));
    case "names":
      return names();
    case "pack":
      return packed(command["samples"]) ?? null;
    case "begin":
      await begin(command);
      return null;
    case "samples":
      command["samples"].forEach((sample: any) => outboxes.get(command["operator"])?.offer(sample));
      return null;
    case "receive":
      return connection.receive(command["data"], command["now"]);
    case "expire":
      await connection.expire(command["now"]);
      return null;
    case "answer":
      return connection.answer(command["challenge"], command["typed"]);
    case "shift":
      return connection.shift(command["ceremony"], command["credential"]);
    case "rest":
      return connection.rest(command["seconds"]);
    case "offer":
      return connection.offer(command["to"], crypto.getRandomValues(new Uint8Array(16)));
    case "accept":
      return connection.accept(command["by"], command["nonce"]);
    case "bye":
      await connection.bye(command["now"]);
      return null;
    case "lost":
      connection.lost();
      return null;
  }
  throw new Error(`there is no command ${command["do"]}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const told: Record<string, unknown> = {};
  try {
    told["value"] = (await done(JSON.parse(line))) as ClientEvent[] | null;
  } catch (failure) {
    if (!(failure instanceof Violation)) throw failure;
    told["fault"] = failure.fault;
  }
  if (connection) Object.assign(told, { send: connection.dataToSend(), state: connection.state });
  console.log(JSON.stringify(told));
}
