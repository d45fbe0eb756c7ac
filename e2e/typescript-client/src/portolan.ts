// The client: all there is to it. Documents made by `graphql` know the types of their variables and of their answer.
import { initGraphQLTada, type ResultOf, type TadaDocumentNode, type VariablesOf } from "gql.tada";
import { print } from "graphql";
import type { introspection } from "./graphql-env.js";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { JSON: unknown; DateTime: string; URL: string; EmailAddress: string };
}>();

type Answer<Data> = { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] };

export class Portolan {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async connect(url: string, clientId: string, clientSecret: string): Promise<Portolan> {
    const answer = await fetch(`${url}/v1/auth/access_token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ clientId, clientSecret }),
    });
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
    return new Portolan(url, ((await answer.json()) as { accessToken: string }).accessToken);
  }

  async ask<Document extends TadaDocumentNode<any, any>>(
    document: Document,
    variables: VariablesOf<Document>,
  ): Promise<ResultOf<Document>> {
    const answer = await fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const { data, errors } = (await answer.json()) as Answer<ResultOf<Document>>;
    if (errors?.length || !data) throw new Error(errors?.map((error) => error.message).join("; ") ?? "no data");
    return data;
  }
}
