// Who is signed in on this browser.
import { ask, get, post, Refused, trust } from "./api";
import { assert, register, type Ceremony } from "./passkey";

export type Role = "viewer" | "moderator" | "senior" | "auditor" | "admin";

export interface Account {
  id: string;
  name: string;
  role: Role;
  state: "active" | "suspended";
  created_at: string;
  created_by: string;
  issuer: string | null;
}

export interface SignIn {
  account: Account;
  scopes: string[];
  csrf: string;
  method: "passkey" | "openid";
  ends_at: string;
  fresh_until: string | null;
}

const here = $state<{ signin: SignIn | null; asked: boolean }>({ signin: null, asked: false });

export function signedIn(): SignIn | null {
  return here.signin;
}

/** Whether the service has said yet who is signed in. */
export function asked(): boolean {
  return here.asked;
}

export function may(scope: string): boolean {
  const scopes = here.signin?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes("admin");
}

export async function whoIsHere(): Promise<void> {
  try {
    settle(await get<SignIn>("/v1/sign-in"));
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status !== 401) throw error;
    here.signin = null;
  } finally {
    here.asked = true;
  }
}

export async function signIn(): Promise<void> {
  const begun = await post<Ceremony>("/v1/sign-in/passkey");
  const credential = await assert(begun.options);
  settle(await post<SignIn>("/v1/sign-in/passkey/answer", { ceremony: begun.ceremony, credential }));
}

export interface Welcome extends Ceremony {
  name: string;
  role: Role;
}

export const openInvitation = (code: string) => post<Welcome>("/v1/sign-in/invitation", { code });

export async function accept(welcome: Welcome): Promise<void> {
  const credential = await register(welcome.options);
  const answer = { ceremony: welcome.ceremony, credential };
  settle(await post<SignIn>("/v1/sign-in/invitation/answer", answer));
}

/** Ask for the passkey once more, as what hurts needs. */
export async function stepUp(): Promise<void> {
  const begun = await post<Ceremony>("/v1/sign-in/step-up");
  const credential = await assert(begun.options);
  settle(await post<SignIn>("/v1/sign-in/step-up/answer", { ceremony: begun.ceremony, credential }));
}

/** Sign out here; at an OpenID provider as well, where one was signed in by it and it says how. */
export async function signOut(): Promise<void> {
  const { provider } = await ask<{ provider: string | null }>("DELETE", "/v1/sign-in");
  here.signin = null;
  if (provider) location.assign(provider);
}

/** The service says that nobody is signed in any more. */
export function ended(): void {
  here.signin = null;
}

export function settle(signin: SignIn): void {
  trust(signin.csrf);
  here.signin = signin;
}
