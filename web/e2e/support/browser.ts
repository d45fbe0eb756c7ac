import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

export type Window = { width: number; height: number };
export const WIDE: Window = { width: 1440, height: 900 };
export const NARROW: Window = { width: 390, height: 844 };
type Options = { window?: Window; theme?: "light" | "dark" };

let browser: Browser;
const contexts: BrowserContext[] = [];
/** What went wrong in any page of the test: errors in the console, blocked resources, failed scripts. */
let complaints: string[] = [];
/** Complaints that a test has provoked. */
let expected: RegExp[] = [];

/** Chromium for the specs of a file. A test fails where a page complained, also about its Content-Security-Policy. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env.PORTOLAN_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"],
    });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const unexpected = complaints.filter((complaint) => !expected.some((one) => one.test(complaint)));
    complaints = [];
    expected = [];
    expect(unexpected).toEqual([]);
  });
  afterAll(() => browser?.close());
}

/** The test makes pages complain like this. */
export function expectComplaints(...patterns: RegExp[]): void {
  expected.push(...patterns);
}

/** A page of a browser that knows nothing yet. Paths are those of the server. */
export async function openPage({ window = WIDE, theme = "light" }: Options = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: inject("served").url,
    viewport: window,
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  contexts.push(context);
  context.setDefaultTimeout(15_000);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`Content-Security-Policy: ${violatedDirective} blocked ${blockedURI}`);
    });
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`${error.name}: ${error.message}`));
  return page;
}

type Account = { email: string; password: string };

/** Signs in through the API, as the sign-in page does; pages open as this account from then on. */
export async function signIn(page: Page, account: Account = inject("served")): Promise<void> {
  const { email, password } = account;
  const response = await page.request.post("/api/session", { data: { email, password } });
  expect(response.status(), await response.text()).toBe(200);
}

/** A page that is signed in, as the demo tenant's admin where nobody else is named. */
export async function openSignedIn(options: Options & { account?: Account } = {}): Promise<Page> {
  const page = await openPage(options);
  await signIn(page, options.account);
  return page;
}

/** Asks the platform API as the admin: to prepare what a test needs. */
export async function ask(query: string, variables: object = {}): Promise<Record<string, never>> {
  const { url, email, password } = inject("served");
  const json = { "content-type": "application/json" };
  const begun = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ email, password }),
  });
  const cookie = begun.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  const { csrfToken } = (await begun.json()) as { csrfToken: string };
  const answer = await fetch(`${url}/api/graphql`, {
    method: "POST",
    headers: { ...json, cookie, "x-csrf-token": csrfToken },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: Record<string, never>; errors?: unknown };
  expect(errors, query).toBeUndefined();
  return data;
}

let members = 0;

/** A new account with a role in the demo tenant. */
export async function makeAccount(role: "VIEWER" | "MEMBER" | "ADMIN"): Promise<Account> {
  const email = `${role.toLowerCase()}-${++members}-${process.pid}@demo.example`;
  const password = "a long enough password";
  const invite =
    "mutation($email: String!, $role: Role!) { inviteMember(email: $email, role: $role) { link errors { message } } }";
  const { inviteMember } = (await ask(invite, { email, role })) as unknown as { inviteMember: { link: string } };
  const token = inviteMember.link.split("/").at(-1);
  const accepted = await fetch(`${inject("served").url}/api/invitations/accept`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, password, name: `A ${role.toLowerCase()}` }),
  });
  expect(accepted.status).toBe(201);
  return { email, password };
}
