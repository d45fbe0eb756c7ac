/** Who is signed in. The cookie itself is out of reach of scripts; this is what the server tells of it. */
import { jsonOf } from "@/lib/api/body";
import { ApiError, errorOf } from "@/lib/api/error";
import type { Json } from "@/lib/json";
import { createStore } from "@/lib/store";

export type Role = "VIEWER" | "MEMBER" | "ADMIN";
export type Membership = { slug: string; title: string; status: string; role: Role };
export type Session = {
  account: { email: string; name: string | null };
  tenants: Membership[];
  csrfToken: string;
  endsAt: string;
};

export const session = createStore<Session | null>(null);
/** Whether a call waits for the person to sign in again. */
export const isSignInWanted = createStore(false);

export function csrfToken(): string | undefined {
  return session.get()?.csrfToken;
}

/** Asks the server who is signed in. Null where nobody is; the page stays that of who was. */
export async function loadSession(): Promise<Session | null> {
  try {
    const open = (await send("GET", "/api/session")) as unknown as Session;
    session.set(open);
    return open;
  } catch (error) {
    if (error instanceof ApiError && error.code === "UNAUTHENTICATED") return null;
    throw error;
  }
}

/** The same for somebody who was signed in: where that is over, asks for the password again. */
export async function refreshSession(): Promise<void> {
  if ((await loadSession()) === null) await signInAgain();
}

let waiting: { promise: Promise<void>; done: () => void } | undefined;

/** Opens the dialog that asks to sign in again; ends when that is done. */
export function signInAgain(): Promise<void> {
  if (!waiting) {
    let done = () => {};
    const promise = new Promise<void>((resolve) => {
      done = resolve;
    });
    waiting = { promise, done };
    isSignInWanted.set(true);
  }
  return waiting.promise;
}

export async function signIn(email: string, password: string): Promise<Session> {
  return begin("/api/session", { email, password });
}

/** Takes an invitation, or makes a tenant: both sign in. */
export async function begin(path: string, body: Json): Promise<Session> {
  const began = (await send("POST", path, body)) as unknown as Session;
  session.set(began);
  waiting?.done();
  waiting = undefined;
  isSignInWanted.set(false);
  return began;
}

export async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
  location.assign("/sign-in");
}

/** A call about sign-in itself: never waits for one. */
export async function send(method: string, path: string, body?: Json): Promise<Json> {
  const headers: Record<string, string> = {};
  const token = csrfToken();
  if (token) headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch {
    throw new ApiError("OFFLINE", "The server cannot be reached. Check the connection and try again.");
  }
  const answer = await jsonOf(response);
  if (!response.ok) throw errorOf(response, answer);
  return answer ?? null;
}
