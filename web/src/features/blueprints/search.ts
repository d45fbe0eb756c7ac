/** What of the designer is in the address. */
import * as v from "valibot";

export const TABS = ["form", "json", "graphql", "sample"] as const;
export type TabName = (typeof TABS)[number];

const optional = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.optional(schema), undefined);

export const searchSchema = v.object({
  /** The blueprint that is looked at. */
  blueprint: optional(v.string()),
  /** JSON Pointer of the part of it that is open. */
  at: optional(v.string()),
  tab: optional(v.picklist(TABS)),
  view: optional(v.literal("list")),
  /** Only the blueprint and those beside it. */
  near: optional(v.boolean()),
});

export type Search = v.InferOutput<typeof searchSchema>;
