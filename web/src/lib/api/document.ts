/** An operation's text together with the types of its variables and its answer. Made by scripts/generate.mjs. */
export class TypedDocument<Data, Variables> {
  /** Never there at run time. */
  declare readonly types: (variables: Variables) => Data;

  constructor(
    readonly name: string,
    readonly kind: "query" | "mutation" | "subscription",
    readonly text: string,
  ) {}
}

// biome-ignore lint/suspicious/noExplicitAny: stands for the document of every operation
export type AnyDocument = TypedDocument<any, any>;
