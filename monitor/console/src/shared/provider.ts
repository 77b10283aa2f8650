// Signing in at an OpenID provider: the browser goes there with the service's question and comes back with the answer.
import { post } from "./api";
import { settle, type SignIn } from "./account.svelte";

export interface Provider {
  name: string;
  label: string;
}

interface Question {
  url: string;
}

const BACK = /^\/console\/provider\/([a-z0-9-]+)$/;
const FROM = "nakanohito.from";
const channel = "nakanohito.step-up";

/** The provider that the browser has come back from, by the page's path. */
export const cameFrom = (path: string): string | undefined => BACK.exec(path)?.[1];

/** Go to a provider; whoever comes back is where they wanted to be. */
export async function goTo(provider: string): Promise<void> {
  const { url } = await post<Question>(`/v1/sign-in/provider/${provider}`);
  sessionStorage.setItem(FROM, location.pathname + location.search);
  location.assign(url);
}

/** Where somebody wanted to be who went to a provider: a page of the console, whatever is written there. */
export function wanted(): string {
  const from = sessionStorage.getItem(FROM) ?? "";
  sessionStorage.removeItem(FROM);
  return /^\/console\/(?!provider\/|invitation)/.test(from) ? from : "/console/live";
}

/** Bring the provider's answer: to sign in, or to step up where somebody is signed in already. */
export async function bring(provider: string, query: URLSearchParams, signedIn: boolean): Promise<void> {
  const answer = { state: query.get("state") ?? "", code: query.get("code") ?? "", iss: query.get("iss") };
  const path = signedIn ? "/v1/sign-in/step-up/provider/answer" : `/v1/sign-in/provider/${provider}/answer`;
  settle(await post<SignIn>(path, answer));
  if (signedIn) new BroadcastChannel(channel).postMessage("done");
}

/** Ask the provider for the person again, in a window of its own; ends once that has answered. */
export async function askAgain(signal: AbortSignal): Promise<void> {
  const opened = window.open("about:blank", "_blank", "popup,width=520,height=720");
  if (opened === null) throw new DOMException("", "NotAllowedError");
  const heard = new BroadcastChannel(channel);
  try {
    const { url } = await post<Question>("/v1/sign-in/step-up/provider");
    opened.location.assign(url);
    await new Promise<void>((resolve, reject) => {
      heard.onmessage = () => resolve();
      signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    });
  } catch (error) {
    opened.close();
    throw error;
  } finally {
    heard.close();
  }
}
