// Passkeys: what the service asks for goes to the browser, what the browser answers goes back, both as they are.

export interface Ceremony {
  ceremony: string;
  options: Record<string, unknown>;
}

/** Register a passkey; rejects where the person declines or the browser cannot. */
export async function register(options: Record<string, unknown>): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return written(await navigator.credentials.create({ publicKey }));
}

/** Answer with a registered passkey. */
export async function assert(options: Record<string, unknown>): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return written(await navigator.credentials.get({ publicKey }));
}

/** Whether this browser, at this address, can have passkeys at all. */
export function possible(): boolean {
  return isSecureContext && "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

function written(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return credential.toJSON();
}
