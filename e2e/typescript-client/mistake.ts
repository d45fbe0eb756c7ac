// Must not compile: the schema has no such field, and this is no such type.
import { graphql, Portolan } from "./portolan.js";

const wrong = graphql(`
  query {
    services(first: 1) {
      nodes {
        identifier
      }
    }
  }
`);

export async function mistake(portolan: Portolan): Promise<number> {
  const { services } = await portolan.ask(wrong, {});
  const identifier: number = services.nodes[0]!.identifier;
  return identifier + services.nodes[0]!.nothing;
}
