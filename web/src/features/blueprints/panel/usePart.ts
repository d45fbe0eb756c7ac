import { useMemo } from "react";
import { asText, type Json, type JsonObject } from "@/lib/json";
import { useDesigner } from "../designer";
import { type Part, partOf, partPointer, withPart } from "../draft/definition";
import { definitionOf } from "../draft/drafts";
import type { PlacedProblem } from "../usePlan";

/** One part of a definition, to be shown and edited key by key. */
export type PartEditor = {
  blueprint: string;
  part: Part;
  value: JsonObject;
  /** Whether the server has it already, under this identifier. */
  isPublished: boolean;
  isReadOnly: boolean;
  text: (key: string) => string;
  set: (key: string, value: Json | undefined) => void;
  /** Everything about it at once. */
  replace: (value: JsonObject) => void;
  /** What is wrong at a key; at the part itself with "". */
  problem: (key: string) => string | undefined;
};

export function usePart(blueprint: string, part: Part, problems: readonly PlacedProblem[]): PartEditor | undefined {
  const { server, drafts, change, canEdit } = useDesigner();
  const definition = definitionOf(server, drafts, blueprint);
  const value = definition && partOf(definition, part);
  const { kind, identifier } = part;
  return useMemo(() => {
    if (!value) return undefined;
    const part = { kind, identifier };
    const pointer = partPointer(part);
    const base = drafts[blueprint] ? (drafts[blueprint].base ?? {}) : (definition ?? {});
    return {
      blueprint,
      part,
      value,
      isPublished: partOf(base, part) !== undefined,
      isReadOnly: !canEdit,
      text: (key) => asText(value[key]) ?? "",
      set: (key, next) =>
        change(blueprint, `${pointer}/${key}`, (definition) => {
          const { [key]: _, ...others } = partOf(definition, part) ?? {};
          const present = partOf(definition, part) ?? {};
          return withPart(definition, part, next === undefined ? others : { ...present, [key]: next });
        }),
      replace: (next) => change(blueprint, pointer, (definition) => withPart(definition, part, next)),
      problem: (key) => {
        const place = key === "" ? pointer : `${pointer}/${key}`;
        const found = problems.filter(
          (one) =>
            one.blueprint === blueprint &&
            (one.pointer === place || (key !== "" && one.pointer.startsWith(`${place}/`))),
        );
        return found.length > 0 ? found.map(({ message }) => message).join(" ") : undefined;
      },
    };
  }, [blueprint, kind, identifier, value, definition, drafts, change, canEdit, problems]);
}
