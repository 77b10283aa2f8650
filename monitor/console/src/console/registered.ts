// Avatars, operators and policies, as the service tells of them.

export type AvatarState = "submitted" | "review" | "approved" | "active" | "suspended" | "expired" | "revoked";

export interface Avatar {
  id: string;
  name: string;
  aliases: string[];
  owner: string;
  state: AvatarState;
  since: string;
  because: string;
  decided_by: string;
  barred: string | null;
  abilities: string[];
  outfits: string[];
  assets: { kind: string; value: string }[];
  code: string | null;
  valid_from: string;
  valid_until: string | null;
  policy: string | null;
  needs_consent: boolean;
  has_consent: boolean;
  registered_at: string;
}

export interface Picture {
  digest: string;
  outfit: string;
  kept: boolean;
}

export interface Pair {
  id: string;
  other: string;
  other_name: string;
  other_owner: string;
  other_role: string;
  reason: "likeness" | "asset";
  similarity: number | null;
  probability: number | null;
  resolution: string | null;
  picture: string | null;
  other_picture: string | null;
}

export interface Review {
  avatar: Avatar;
  conflicts: Pair[];
}

export interface Operator {
  id: string;
  issuer: string;
  pseudonym: string;
  assurance: string;
  verified_at: string;
  state: "active" | "revoked";
  device_keys: string[];
}

export interface Policy {
  id: string;
  name: string;
  version: number;
  written_at: string;
  document: Record<string, unknown>;
}

export const AVATAR_TONES: Record<AvatarState, "good" | "warn" | "bad" | "still" | "accent"> = {
  submitted: "still",
  review: "accent",
  approved: "good",
  active: "good",
  suspended: "warn",
  expired: "still",
  revoked: "bad",
};

/** Every value of a document by the path of its names, so that two versions can be laid side by side. */
export function flat(document: unknown, path = ""): Map<string, string> {
  if (document === null || typeof document !== "object" || Array.isArray(document)) {
    return new Map([[path, JSON.stringify(document)]]);
  }
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(document)) {
    for (const [inner, text] of flat(value, path ? `${path}.${name}` : name)) found.set(inner, text);
  }
  return found;
}
