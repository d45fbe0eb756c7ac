import type { Json } from "@/lib/json";
import { csrfToken, refreshSession, signInAgain } from "@/lib/session/session";
import { tenantSlug } from "@/lib/session/tenant";
import { jsonOf } from "./body";
import { ApiError, errorOf } from "./error";

type Request = { method?: string; body?: Json; signal?: AbortSignal | undefined; accept?: string };

/**
 * A call of the server as who is signed in, for the tenant of the page. Where the sign-in has expired it waits until the
 * person has signed in again, so that no input is lost.
 */
export async function request(path: string, options: Request = {}): Promise<Response> {
  let isSecondTry = false;
  for (;;) {
    const response = await send(path, options);
    if (response.ok) return response;
    const error = errorOf(response, await jsonOf(response));
    if (error.code === "UNAUTHENTICATED") {
      await signInAgain();
    } else if (error.code === "CSRF_TOKEN_INVALID" && !isSecondTry) {
      // Another tab has signed in anew.
      isSecondTry = true;
      await refreshSession();
    } else throw error;
  }
}

/** The same, where the answer is JSON. */
export async function requestJson(path: string, options: Request = {}): Promise<Json> {
  const response = await request(path, options);
  return ((await jsonOf(response)) ?? null) as Json;
}

async function send(path: string, { method = "GET", body, signal, accept }: Request): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept ?? "application/json" };
  const tenant = tenantSlug();
  if (tenant) headers["X-Portolan-Tenant"] = tenant;
  const token = csrfToken();
  if (token) headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      signal: signal ?? null,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("OFFLINE", "The server cannot be reached. Check the connection and try again.");
  }
}
