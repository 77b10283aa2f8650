// What the device key signs, and the keys that both sides derive for one connection only.
import type { Received, Sent } from "./message.ts";
import { type Octets, joined, lengthed, unbase64url, utf8 } from "./octets.ts";
import { Line, domain } from "./seal.ts";
import { Fault, Violation } from "./violation.ts";

type Hello = Extract<Sent, { type: "hello" }>;
type Welcome = Received<"welcome">;

/** The bytes that the device key signs; `payload` is the hello exactly as sent. */
export function transcript(welcome: Welcome, hello: Hello, payload: Octets): Octets {
  const fields = [
    welcome.version,
    hello.version,
    welcome.connection,
    hello.session,
    hello.operator,
    welcome.nonce,
    hello.nonce,
    welcome.key,
    hello.key,
  ];
  return joined(domain("hello"), lengthed(...fields.map(utf8), payload));
}

/** The line of this connection, by X25519 and HKDF-SHA256. Throws Violation for a key that is no key. */
export async function derive(own: CryptoKey, welcome: Welcome, hello: Hello, epoch: number): Promise<Line> {
  const secret = await exchange(own, unbase64url(welcome.key, 32));
  const place = lengthed(utf8(hello.session), utf8(welcome.connection), utf8(String(epoch)));
  const both = await crypto.subtle.deriveBits(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: joined(unbase64url(welcome.nonce, 16), unbase64url(hello.nonce, 16)),
      info: joined(utf8("nakanohito/keys/v1\0"), place),
    },
    await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]),
    512,
  );
  return new Line(await sealing(both.slice(0, 32), "sign"), await sealing(both.slice(32), "verify"));
}

async function exchange(own: CryptoKey, other: Octets): Promise<ArrayBuffer> {
  try {
    const theirs = await crypto.subtle.importKey("raw", other, "X25519", false, []);
    return await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, own, 256);
  } catch {
    throw new Violation(Fault.BadKey, "the ephemeral key is not a usable X25519 key");
  }
}

function sealing(key: ArrayBuffer, use: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}
