import {
  keepPreviousData,
  queryOptions,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { call } from "./call";
import type { AnyDocument, TypedDocument } from "./document";
import type { ApiError } from "./error";

type QuerySettings = {
  enabled?: boolean;
  /** Shows the answer to the former variables until the new one is there. */
  keep?: boolean;
  /** Asks again so often, in milliseconds. */
  every?: number | false;
  /** How long an answer counts as fresh, in milliseconds. */
  fresh?: number;
};

/** What loaders and queries share: `queryClient.ensureQueryData(apiQuery(Document, variables))`. */
export function apiQuery<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables) {
  return queryOptions<Data, ApiError>({
    queryKey: [document.name, variables],
    queryFn: ({ signal }) => call(document, variables, signal),
  });
}

export function useApiQuery<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  { enabled = true, keep = false, every = false, fresh }: QuerySettings = {},
): UseQueryResult<Data, ApiError> {
  return useQuery({
    ...apiQuery(document, variables),
    enabled,
    refetchInterval: every,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
    ...(fresh === undefined ? {} : { staleTime: fresh }),
  });
}

type MutationSettings<Data, Variables> = {
  /** Queries whose answers are no longer true. */
  invalidates?: readonly AnyDocument[];
  onDone?: (data: Data, variables: Variables) => void;
  /** The failure is shown where the input is: no notification is needed. */
  isShown?: boolean;
};

export function useApiMutation<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  { invalidates = [], onDone, isShown = false }: MutationSettings<Data, Variables> = {},
): UseMutationResult<Data, ApiError, Variables> {
  const client = useQueryClient();
  return useMutation<Data, ApiError, Variables>({
    mutationFn: (variables) => call(document, variables),
    meta: { isShown },
    onSuccess: async (data, variables) => {
      onDone?.(data, variables);
      await Promise.all(invalidates.map((stale) => client.invalidateQueries({ queryKey: [stale.name] })));
    },
  });
}
