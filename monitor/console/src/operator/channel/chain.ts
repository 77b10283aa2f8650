// The chain over everything that this side has sealed on one connection, for the device key to sign.
import { type Octets, joined, lengthed, utf8 } from "./octets.ts";
import { domain } from "./seal.ts";

export class Chain {
  count = 0;
  #digest: Octets;

  private constructor(digest: Octets) {
    this.#digest = digest;
  }

  static async after(transcript: Octets): Promise<Chain> {
    return new Chain(await sha256(joined(utf8("nakanohito/chain/v1\0"), transcript)));
  }

  /** Take in one more payload, exactly as it goes over the wire. */
  async add(payload: Octets): Promise<void> {
    this.count += 1;
    this.#digest = await sha256(joined(this.#digest, payload));
  }

  /** What the device key signs: this chain, of this connection, at its present length. */
  statement(session: string, connection: string, epoch: number): Octets {
    const place = [session, connection, String(epoch), String(this.count)].map(utf8);
    return joined(domain("attest"), lengthed(...place, this.#digest));
  }
}

async function sha256(bytes: Octets): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
