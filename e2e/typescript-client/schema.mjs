// Fetches the SDL of the tenant's catalog schema into schema.graphql. Run it again when blueprints change.
import { writeFile } from "node:fs/promises";

const { PORTOLAN_URL: url, PORTOLAN_CLIENT_ID: clientId, PORTOLAN_CLIENT_SECRET: clientSecret } = process.env;

async function get(path, request) {
  const answer = await fetch(url + path, request);
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

const issued = await get("/v1/auth/access_token", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ clientId, clientSecret }),
});
const { accessToken } = await issued.json();
const sdl = await get("/graphql/schema.graphql", { headers: { authorization: `Bearer ${accessToken}` } });
await writeFile("schema.graphql", await sdl.text());
