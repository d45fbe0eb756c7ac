import type { Json } from "@/lib/json";

/** The body of an answer as JSON; undefined where it is none. */
export async function jsonOf(response: Response): Promise<Json | undefined> {
  try {
    return (await response.json()) as Json;
  } catch {
    return undefined;
  }
}
