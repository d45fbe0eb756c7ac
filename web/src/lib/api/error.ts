import { asList, asObject, asText, type Json } from "@/lib/json";

/** A mistake in the input: a stable code, a sentence, and the JSON Pointer of the bad value. */
export type Problem = { code: string; message: string; path: string };

/** A call that failed. `code` is one of docs/errors.md, or `OFFLINE` where no answer came. */
export class ApiError extends Error {
  readonly code: string;
  /** All that is wrong with the input; the first is the message. */
  readonly problems: Problem[];
  /** By which the server's log knows the request. */
  readonly requestId: string | undefined;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;

  constructor(
    code: string,
    message: string,
    more: { problems?: Problem[]; requestId?: string | undefined; retryAfter?: number | undefined } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.problems = more.problems ?? [];
    this.requestId = more.requestId;
    this.retryAfter = more.retryAfter;
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("INTERNAL", error instanceof Error ? error.message : String(error));
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

/** The sentences about one value, by its JSON Pointer. */
export function messageAt(error: unknown, path: string): string | undefined {
  const problems = error instanceof ApiError ? error.problems : [];
  const found = problems.filter((problem) => problem.path === path);
  return found.length > 0 ? found.map((problem) => problem.message).join(" ") : undefined;
}

/** The error without what is said at these values already; nothing where nothing is left. */
export function withoutPaths(error: unknown, paths: readonly string[]): unknown {
  if (!(error instanceof ApiError) || error.problems.length === 0) return error;
  const left = error.problems.filter((problem) => !paths.includes(problem.path));
  const [first] = left;
  if (!first) return undefined;
  return new ApiError(first.code, first.message, { problems: left, requestId: error.requestId });
}

/** The error in an answer that is not what was asked for. */
export function errorOf(response: Response, body: Json | undefined): ApiError {
  const object = asObject(body);
  const details = asObject(object.details);
  const problems = asList(details.errors).map(asObject).map(problemOf);
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const code = asText(details.code) ?? (response.status >= 500 ? "UNAVAILABLE" : "INTERNAL");
  const message = asText(object.message) || `The server answered ${response.status}.`;
  const wait = Number(response.headers.get("retry-after"));
  return new ApiError(code, message, { problems, requestId, retryAfter: wait > 0 ? wait : undefined });
}

function problemOf(problem: { [key: string]: Json }): Problem {
  return {
    code: asText(problem.code) ?? "INTERNAL",
    message: asText(problem.message) ?? "",
    path: asText(problem.path) ?? "",
  };
}
