// The service's API, as the pages use it: same origin, the sign-in's cookie, and a token against forged requests.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  other?: string;
}

/** What the service refuses, in its own words. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  get kind(): string {
    return this.problem.type.replace("urn:nakanohito:problem:", "");
  }
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

let forgery = "";

/** The token that shows that a request comes from this page; the service gave it with the sign-in. */
export function trust(token: string): void {
  forgery = token;
}

export async function ask<T>(method: string, path: string, body?: unknown, more: HeadersInit = {}): Promise<T> {
  const headers = new Headers(more);
  if (method !== "GET") headers.set("x-csrf-token", forgery);
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) {
    headers.set("content-type", "application/json");
    request.body = JSON.stringify(body);
  }
  const answer = await reach(path, request);
  if (!answer.ok) throw new Refused(await problem(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string) => ask<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}) => ask<T>("POST", path, body);

/** A file, whole. */
export async function file(path: string): Promise<Blob> {
  const answer = await reach(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Refused(await problem(answer));
  return answer.blob();
}

/** A path with a query, without what is not set. */
export function address(path: string, values: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function reach(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch {
    throw new Refused({ type: "unreachable", title: "", status: 0, detail: "" });
  }
}

async function problem(answer: Response): Promise<Problem> {
  try {
    return (await answer.json()) as Problem;
  } catch {
    return { type: "other", title: answer.statusText, status: answer.status, detail: answer.statusText };
  }
}
