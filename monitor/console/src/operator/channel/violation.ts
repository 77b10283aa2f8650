// What the server may do wrong on the channel; each ends the connection, and the next one begins anew.

export const Fault = {
  Oversized: "oversized",
  NotText: "not_text",
  Malformed: "malformed",
  UnknownType: "unknown_type",
  Version: "version",
  Illegal: "illegal",
  BadKey: "bad_key",
  BadSeal: "bad_seal",
  Sequence: "sequence",
  Timeout: "timeout",
  Silent: "silent",
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** The server has left the protocol; `fault` says how. */
export class Violation extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}
