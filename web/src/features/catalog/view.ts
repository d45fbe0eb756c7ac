/** What of a table is in its address: a pasted link shows the same rows in the same way. */
import * as v from "valibot";
import type { Sort } from "@/data-table/columns";
import type { Json } from "@/lib/json";
import { type Group, readRules } from "@/rules/rule";

/** Read from any address: what makes no sense is left out. */
export const viewSchema = v.object({
  /** Searched for in identifier and title. */
  q: v.fallback(v.optional(v.string()), undefined),
  where: v.fallback(
    v.optional(
      v.pipe(
        v.unknown(),
        v.check((value) => readRules(value as Json) !== undefined),
      ),
    ),
    undefined,
  ),
  /** Properties; with `-` before them downwards. */
  sort: v.fallback(v.optional(v.array(v.string())), undefined),
  /** Columns in order, `tier` or `tier:140` with a width. */
  columns: v.fallback(v.optional(v.array(v.string())), undefined),
  /** How many columns stay when scrolled sideways. */
  pin: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4))), undefined),
  density: v.fallback(v.optional(v.picklist(["compact", "default", "comfortable"])), undefined),
  /** Properties to group by, from the outside in. */
  group: v.fallback(v.optional(v.array(v.string())), undefined),
  /** The entity that is open beside the table. */
  look: v.fallback(v.optional(v.string()), undefined),
});

export type View = Omit<v.InferOutput<typeof viewSchema>, "where"> & {
  /** A group of rules, or a list of them. */
  where?: Json | undefined;
};

export function readSort(sort: readonly string[] | undefined): Sort[] {
  return (sort ?? []).map((one) =>
    one.startsWith("-") ? { id: one.slice(1), direction: "DESC" } : { id: one, direction: "ASC" },
  );
}

export function writeSort(sorts: readonly Sort[]): string[] | undefined {
  if (sorts.length === 0) return undefined;
  return sorts.map(({ id, direction }) => (direction === "DESC" ? `-${id}` : id));
}

export type ColumnChoice = { id: string; width: number | undefined };

export function readColumns(columns: readonly string[] | undefined): ColumnChoice[] | undefined {
  return columns?.map((text) => {
    const [, id = text, width] = /^(.*):(\d+)$/.exec(text) ?? [];
    return { id, width: width === undefined ? undefined : Number(width) };
  });
}

export function writeColumns(columns: readonly ColumnChoice[]): string[] {
  return columns.map(({ id, width }) => (width === undefined ? id : `${id}:${width}`));
}

/** What is searched for, as rules: part of the title or of the identifier. */
export function searchRules(text: string | undefined): Group | undefined {
  const wanted = text?.trim();
  if (!wanted) return undefined;
  return {
    combinator: "or",
    rules: [
      { property: "$title", operator: "contains", value: wanted },
      { property: "$identifier", operator: "contains", value: wanted },
    ],
  };
}
