// Bytes: their text forms, and how parts are joined so that no two lists of parts are the same bytes.
import { Fault, Violation } from "./violation.ts";

export type Octets = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export function utf8(text: string): Octets {
  return encoder.encode(text);
}

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function joined(...parts: Uint8Array[]): Octets {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The parts joined, each with its length in 4 bytes (big end first) before it. */
export function lengthed(...parts: Uint8Array[]): Octets {
  return joined(
    ...parts.flatMap((part) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, part.length);
      return [length, part];
    }),
  );
}

export function base64(bytes: Uint8Array): string {
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

/** base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** So many bytes from base64url; its one and only canonical form is taken. Throws Violation. */
export function unbase64url(written: string, length: number): Octets {
  try {
    const characters = atob(written.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    if (bytes.length === length && base64url(bytes) === written) return bytes;
  } catch {
    // Said below, as for whatever else is no base64url.
  }
  throw new Violation(Fault.Malformed, `expected ${length} bytes in base64url`);
}
