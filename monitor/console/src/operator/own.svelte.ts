// Who is signed in on this page, and the streams that they are on the roster of.
import { ask, get, post, Refused } from "../shared/api";
import { assert, register, type Ceremony } from "../shared/passkey";
import { unbase64url, text } from "./channel/octets";
import { type Device, deviceOf } from "./device";

export type Rung = "watching" | "notify" | "challenge" | "grace" | "slate" | "drop" | "forbid" | "restored";

/** A stream as its operators may see it: never a score. */
export interface OwnSession {
  id: string;
  avatar: string;
  stream: string | null;
  state: "pending" | "live" | "blind" | "cut" | "ended";
  attached_at: string;
  rung: Rung;
  cause: string | null;
  rung_ends_in: number | null;
  held: boolean;
  reason: { en: string; zh: string } | null;
  challenge: { id: string; gesture: string | null; then: string[]; digits: boolean; ends_in: number } | null;
  here: boolean;
  colleagues: string[];
}

export interface Own {
  operator: string;
  verified_at: string;
  /** Seconds within which to be verified anew, where that is soon; 0: it has lapsed. */
  verify_within_s: number | null;
  ends_at: string;
  sessions: OwnSession[];
}

const here = $state<{ own: Own | null; asked: boolean }>({ own: null, asked: false });
let device: Device | null = null;

export const own = () => here.own;
/** Whether it is known if somebody is signed in. */
export const asked = () => here.asked;

/** Ask again who is here, and which streams there are. */
export async function look(): Promise<void> {
  try {
    here.own = await get<Own>("/v1/own");
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status === 0) throw error;
    here.own = null;
  } finally {
    here.asked = true;
  }
}

/** Register a passkey by an invitation's code; whose it is. */
export async function enrol(code: string): Promise<string> {
  const begun = await post<Ceremony>("/v1/passkeys/registrations", { code });
  const credential = await register(begun.options);
  const { holder } = await post<{ holder: string }>(`/v1/passkeys/registrations/${begun.ceremony}`, { credential });
  return holder;
}

/** Sign in by passkey, and make this browser's key known. */
export async function signIn(): Promise<void> {
  const begun = await post<Ceremony>("/v1/own/sign-ins");
  const credential = (await assert(begun.options)) as { response: { userHandle?: string } };
  const holder = credential.response.userHandle;
  const key = holder ? (await deviceOf(operatorOf(holder))).key : null;
  here.own = await post<Own>(`/v1/own/sign-ins/${begun.ceremony}`, { credential, device_key: key });
}

export async function signOut(): Promise<void> {
  await ask("DELETE", "/v1/own/sign-ins");
  here.own = null;
  device = null;
}

/** This browser's key of the operator who is signed in. */
export async function myDevice(): Promise<Device> {
  if (!here.own) throw new Error("nobody is signed in");
  device ??= await deviceOf(here.own.operator);
  return device;
}

/** What was decided about a stream of the operator's. */
export interface OwnCase {
  id: string;
  avatar: string;
  at: string;
  state: string;
  because: string | null;
  statement: { text: { en: string; zh: string } };
  clips: string[];
  appeal: { outcome: "granted" | "rejected" | null } | null;
}

/** What the operator proves themselves with. */
export interface OwnKeys {
  devices: { device_key: string; added_at: string }[];
  passkeys: { id: string; synced: boolean; added_at: string }[];
}

export const keys = () => get<OwnKeys>("/v1/own/keys");
export const removeDevice = (key: string) => post<OwnKeys>("/v1/own/keys/devices/remove", { device_key: key });
export const revokePasskey = (id: string) => post<OwnKeys>(`/v1/own/keys/passkeys/${encodeURIComponent(id)}/revoke`);

export const decisions = () => get<OwnCase[]>("/v1/own/cases");
export const appeal = (id: string, text: string) =>
  post<OwnCase["appeal"]>(`/v1/own/cases/${encodeURIComponent(id)}/appeal`, { text });

export const standing = (session: string) => get<OwnSession>(`/v1/own/sessions/${encodeURIComponent(session)}`);

function operatorOf(handle: string): string {
  return text(unbase64url(handle, Math.floor((handle.length * 3) / 4)));
}
