import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";
import type { TypedDocument } from "./document";
import { ApiError, type Problem } from "./error";
import { requestJson } from "./request";

/**
 * Carries out a query or a mutation of the platform API.
 *
 * @throws ApiError, also for mistakes that a mutation's payload tells of: nothing was done then.
 */
export async function call<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const body = { query: document.text, variables: variables as Json, operationName: document.name };
  const answer = asObject(await requestJson("/api/graphql", { method: "POST", body, signal }));
  const [first] = asList(answer.errors).map(asObject);
  if (first) throw topLevelError(first);
  if (document.kind === "mutation") refuseProblems(asObject(answer.data));
  return answer.data as Data;
}

/** An error beside the data: a bad query, a missing right, a fault. */
export function topLevelError(error: JsonObject): ApiError {
  const extensions = asObject(error.extensions);
  const message = asText(error.message) ?? "The server answered with an error.";
  return new ApiError(asText(extensions.code) ?? "INTERNAL", message, { requestId: asText(extensions.requestId) });
}

function refuseProblems(data: JsonObject): void {
  const problems = Object.values(data).flatMap((payload) => asList(asObject(payload).errors)) as Problem[];
  const [first] = problems;
  if (first) throw new ApiError(first.code, first.message, { problems });
}
