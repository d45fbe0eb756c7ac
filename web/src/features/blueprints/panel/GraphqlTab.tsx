import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useApiQuery } from "@/lib/api/hooks";
import { request } from "@/lib/api/request";
import { asObject, asText } from "@/lib/json";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { SkeletonLines } from "@/ui/Skeleton";
import { BlueprintNames } from "../blueprints.gql";
import { useDesigner } from "../designer";
import { typesOf } from "../sdl";
import type { Plan } from "../usePlan";

type GraphqlTabProps = { identifier: string; isPublished: boolean; hasDraft: boolean; plan: Plan | undefined };

/** The type that the catalog API has for a blueprint, and what publishing the draft breaks of it. */
export function GraphqlTab({ identifier, isPublished, hasDraft, plan }: GraphqlTabProps) {
  const { server } = useDesigner();
  const names = useApiQuery(BlueprintNames, { identifier }, { enabled: isPublished });
  const sdl = useQuery({
    queryKey: ["sdl", server.revision],
    queryFn: async ({ signal }) => (await request("/graphql/schema.graphql", { signal, accept: "text/plain" })).text(),
    enabled: isPublished,
    staleTime: 60_000,
  });
  const [chosen, setChosen] = useState("");
  if (!isPublished) {
    return (
      <EmptyState title="No type yet">
        The catalog API gets a type for this blueprint, with its fields, filters and mutations, when the draft is
        published.
      </EmptyState>
    );
  }
  const error = names.error ?? sdl.error;
  if (error)
    return (
      <div className="p-4">
        <ErrorPanel error={error} title="The schema could not be loaded." onRetry={() => void sdl.refetch()} />
      </div>
    );
  const graphql = asObject(names.data?.blueprint?.graphql);
  const type = asText(graphql.type);
  if (!sdl.data || !type)
    return (
      <div className="p-4">
        <SkeletonLines count={8} />
      </div>
    );
  const types = typesOf(sdl.data, type);
  const shown = types.find(({ name }) => name === chosen) ?? types[0];
  return (
    <div className="flex flex-col">
      {hasDraft && (
        <div className="border-line border-b bg-info-soft px-4 py-2 text-meta">
          {plan && plan.breaksGraphql.length > 0 ? (
            <>
              <p className="font-medium">This is the published type. Publishing the draft breaks queries that use:</p>
              <ul className="mt-1 flex flex-col gap-0.5">
                {plan.breaksGraphql.slice(0, 20).map(({ change, field }) => (
                  <li key={`${change} ${field}`}>
                    <code className="font-mono">{field}</code>{" "}
                    <span className="text-muted">{change.toLowerCase().replaceAll("_", " ")}</span>
                  </li>
                ))}
              </ul>
            </>
          ) : (
            "This is the published type; the draft breaks nothing of it."
          )}
        </div>
      )}
      <div className="flex flex-wrap items-center gap-1 px-4 py-2">
        {types.map(({ name }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === shown?.name}
            onClick={() => setChosen(name)}
            className="h-6 rounded-sm px-1.5 font-mono text-[0.6875rem] text-muted hover:bg-hover hover:text-fg aria-pressed:bg-accent-soft aria-pressed:text-accent"
          >
            {name}
          </button>
        ))}
        <span className="grow" />
        {shown && <CopyButton text={shown.text} label={`Copy ${shown.name}`} />}
        <a
          href="/graphql/schema.graphql"
          download="schema.graphql"
          aria-label="Download the whole schema"
          className="flex size-6 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-fg"
        >
          <Download aria-hidden className="size-3.5" />
        </a>
      </div>
      <div
        role="region"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways by the arrow keys
        tabIndex={0}
        aria-label={`GraphQL type ${shown?.name ?? ""}`}
        className="overflow-x-auto whitespace-pre px-4 pb-4 font-mono text-code outline-offset-[-2px]"
      >
        {shown?.text.split("\n").map((line, index) => (
          <div key={index}>{colored(line)}</div>
        ))}
      </div>
    </div>
  );
}

/** One line of SDL in the colours of editors. */
function colored(line: string): ReactNode {
  const text = line.replaceAll("\t", "  ") || " ";
  const parts = /^(\s*)(?:(type|input|enum|interface)\s+)?([\w]+)(.*)$/.exec(text);
  if (!parts || text.includes('"""')) return <span className="text-muted">{text}</span>;
  const [, indent, keyword, name, rest = ""] = parts;
  if (keyword) {
    return (
      <>
        <span className="text-chart-4">{keyword}</span> <span className="text-info">{name}</span>
        {rest}
      </>
    );
  }
  if (!/^[(:]|^$/.test(rest)) return <span className="text-muted">{text}</span>;
  return (
    <>
      {indent}
      <span className="text-accent">{name}</span>
      {rest}
    </>
  );
}
