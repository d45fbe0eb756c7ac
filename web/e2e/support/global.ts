import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

export type Served = { url: string; email: string; password: string };

declare module "vitest" {
  export interface ProvidedContext {
    served: Served;
  }
}

/** One server with the demo tenant for all specs, on a port that the system chooses; gone at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const program = process.env.PORTOLAN_PROGRAM ?? join(import.meta.dirname, "../../../target/debug/portolan");
  const data = mkdtempSync(join(tmpdir(), "portolan-e2e-"));
  const server = spawn(program, ["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir", data], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PORTOLAN_OUTBOUND_ALLOW: "127.0.0.0/8", PORTOLAN_LOG: process.env.PORTOLAN_LOG ?? "warn" },
  });
  const ended = once(server, "exit");
  const told = await read(server.stdout, ended, program);
  project.provide("served", told);
  return async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
}

/** What the server says of itself when it is ready. */
async function read(out: NodeJS.ReadableStream, ended: Promise<unknown>, program: string): Promise<Served> {
  const served: Partial<Served> = {};
  const reading = (async () => {
    for await (const line of createInterface({ input: out })) {
      served.url ??= /^portolan is ready on (\S+)/.exec(line)?.[1];
      served.email ??= /^ {2}e-mail +(\S+)/.exec(line)?.[1];
      served.password ??= /^ {2}password +(\S+)/.exec(line)?.[1];
      if (served.url && served.email && served.password) return;
    }
  })();
  await Promise.race([reading, ended]);
  const { url, email, password } = served;
  if (!url || !email || !password)
    throw new Error(`${program} serve --demo did not say where it is and how to sign in`);
  return { url, email, password };
}
