import { MutationCache, QueryClient } from "@tanstack/react-query";
import { notifyFailure } from "@/lib/notify";
import { ApiError } from "./error";

/** Failures that another try may overcome. */
const PASSING = new Set(["OFFLINE", "UNAVAILABLE", "TIMEOUT"]);

export function createQueryClient(): QueryClient {
  return new QueryClient({
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        if (!mutation.meta?.isShown) notifyFailure(error);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        gcTime: 5 * 60_000,
        retry: (failures, error) => failures < 2 && error instanceof ApiError && PASSING.has(error.code),
      },
      mutations: { retry: false },
    },
  });
}
