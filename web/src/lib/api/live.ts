/** Subscriptions over one WebSocket, which comes back by itself. Loaded when the first one is wanted. */
import type { Client } from "graphql-ws";
import { useEffect, useRef } from "react";
import { asObject, type JsonObject } from "@/lib/json";
import { refreshSession } from "@/lib/session/session";
import { tenantSlug } from "@/lib/session/tenant";
import { createStore } from "@/lib/store";
import { topLevelError } from "./call";
import type { TypedDocument } from "./document";
import type { ApiError } from "./error";

/** How the socket stands; `idle` while nobody needs it. */
export type Connection = "idle" | "connecting" | "connected" | "lost";
export const connection = createStore<Connection>("idle");

/** The server sent us off: the sign-in may be over. */
const FORBIDDEN = 4403;
let opened: Promise<Client> | undefined;

function client(): Promise<Client> {
  opened ??= import("graphql-ws").then(({ createClient }) =>
    createClient({
      url: `${location.origin.replace(/^http/, "ws")}/api/graphql/ws`,
      connectionParams: () => ({ "X-Portolan-Tenant": tenantSlug() }),
      retryAttempts: Number.POSITIVE_INFINITY,
      retryWait: (tries) => new Promise((done) => setTimeout(done, Math.min(500 * 2 ** tries, 15_000))),
      shouldRetry: () => true,
      lazyCloseTimeout: 5_000,
      on: {
        connecting: (isRetry) => connection.set(isRetry ? "lost" : "connecting"),
        connected: () => connection.set("connected"),
        closed: (event) => {
          const { code, wasClean } = event as CloseEvent;
          connection.set(wasClean && code === 1000 ? "idle" : "lost");
          if (code === FORBIDDEN) void refreshSession();
        },
      },
    }),
  );
  return opened;
}

/** Follows a subscription until the answer is called. */
export function follow<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  sink: { next: (data: Data) => void; error?: (error: ApiError) => void },
): () => void {
  let stop: (() => void) | undefined;
  let isOver = false;
  void client().then((socket) => {
    if (isOver) return;
    const payload = { query: document.text, operationName: document.name, variables: variables as JsonObject };
    stop = socket.subscribe<Data>(payload, {
      next: ({ data, errors }) => {
        const [first] = errors ?? [];
        if (first) sink.error?.(topLevelError(asObject(JSON.parse(JSON.stringify(first)))));
        else if (data) sink.next(data);
      },
      error: (error) => {
        const [first] = Array.isArray(error) ? error : [];
        if (first) sink.error?.(topLevelError(asObject(JSON.parse(JSON.stringify(first)))));
      },
      complete: () => {},
    });
  });
  return () => {
    isOver = true;
    stop?.();
  };
}

/** Follows a subscription while the component is there and `variables` are not null. */
export function useLive<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables | null,
  next: (data: Data) => void,
): void {
  const latest = useRef(next);
  latest.current = next;
  const key = variables === null ? null : JSON.stringify(variables);
  useEffect(() => {
    if (key === null) return;
    return follow(document, JSON.parse(key) as Variables, { next: (data) => latest.current(data) });
  }, [document, key]);
}
