// The device key of an operator in this browser: it signs, and not even this page can read it.
import { base64, type Octets } from "./channel/octets.ts";

const DATABASE = "nakanohito";
const STORE = "devices";

export interface Device {
  /** The public half, 32 bytes in base64, as the service knows it. */
  key: string;
  sign: (statement: Octets) => Promise<Octets>;
}

/** The key of an operator on this browser, made where there is none. */
export async function deviceOf(operator: string): Promise<Device> {
  const database = await opened();
  try {
    const pair = (await kept(database, operator)) ?? (await made(database, operator));
    const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return {
      key: base64(key),
      sign: async (statement) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, statement)),
    };
  } finally {
    database.close();
  }
}

/** Whether this browser has what the channel needs. */
export async function able(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
    return "indexedDB" in globalThis;
  } catch {
    return false;
  }
}

async function made(database: IDBDatabase, operator: string): Promise<CryptoKeyPair> {
  const fresh = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  // Another page of this browser may have been first: then its key is the one.
  const store = database.transaction(STORE, "readwrite").objectStore(STORE);
  try {
    await settled(store.add(fresh, operator));
    return fresh;
  } catch {
    return (await kept(database, operator)) ?? fresh;
  }
}

function kept(database: IDBDatabase, operator: string): Promise<CryptoKeyPair | undefined> {
  return settled(database.transaction(STORE).objectStore(STORE).get(operator));
}

function opened(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return settled(opening);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's store failed"));
  });
}
