// Who owns the gold services, and where do they run?
import { graphql, Portolan } from "./portolan.js";

declare const process: { env: Record<string, string | undefined> };

const GOLD_SERVICES = graphql(`
  query GoldServices($first: Int!) {
    services(where: { tier: { eq: GOLD } }, first: $first, orderBy: [{ field: IDENTIFIER }]) {
      totalCount
      nodes {
        identifier
        tier
        openIssues
        system {
          title
        }
        deployments {
          nodes {
            identifier
          }
        }
      }
    }
  }
`);

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const portolan = await Portolan.connect(
  setting("PORTOLAN_URL"),
  setting("PORTOLAN_CLIENT_ID"),
  setting("PORTOLAN_CLIENT_SECRET"),
);
const { services } = await portolan.ask(GOLD_SERVICES, { first: 5 });
for (const service of services.nodes) {
  const tier: "GOLD" | "SILVER" | "BRONZE" | null = service.tier;
  const issues: number | null = service.openIssues;
  const deployments = service.deployments.nodes.map((deployment) => deployment.identifier);
  console.log(JSON.stringify({ service: service.identifier, tier, issues, system: service.system?.title, deployments }));
}
console.log(`${services.totalCount} gold services`);
