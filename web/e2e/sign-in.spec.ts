import { expect, inject, test } from "vitest";
import { ask, expectComplaints, openPage, openSignedIn, useBrowser } from "./support/browser";

useBrowser();

test("whoever is not signed in signs in and comes to where they wanted to go", async () => {
  const { email, password } = inject("served");
  const page = await openPage();
  expectComplaints(/401/);
  await page.goto("/t/demo/catalog/service?q=bask");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("E-mail and password do not match.").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Basket", exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/t/demo/catalog/service");
});

test("another address than the portal's is not followed after sign-in", async () => {
  const { url, email, password } = inject("served");
  const page = await openPage();
  await page.goto(`/sign-in?next=${encodeURIComponent("//elsewhere.example/x")}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Catalog", level: 1 }).waitFor();
  expect(page.url().startsWith(url)).toBe(true);
});

test("an invitation is accepted, and its link works once", async () => {
  const invite = 'mutation { inviteMember(email: "new@demo.example", role: VIEWER) { link errors { message } } }';
  const { inviteMember } = (await ask(invite)) as unknown as { inviteMember: { link: string } };
  const path = new URL(inviteMember.link).pathname;
  const page = await openPage();
  expectComplaints(/404/, /422/);
  await page.goto(path);
  await page.getByRole("heading", { name: "Join Demo" }).waitFor();
  await page.getByLabel("Your name").fill("Nia New");
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("a password has 10 to 1000 characters").waitFor();
  await page.getByLabel("New password").fill("a long enough password");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "Catalog", level: 1 }).waitFor();
  await page.getByRole("button", { name: /Nia New/ }).waitFor();
  const other = await openPage();
  await other.goto(path);
  await other.getByText("This link cannot be used.").waitFor();
});

test("an expired sign-in asks for the password and goes on, nothing lost", async () => {
  const { password } = inject("served");
  const page = await openSignedIn();
  expectComplaints(/401/);
  await page.goto("/t/demo/catalog/service");
  await page.getByRole("link", { name: "Basket", exact: true }).waitFor();
  await page.context().clearCookies();
  await page.getByRole("searchbox", { name: "Search identifiers and titles" }).fill("check");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("gridcell").getByRole("link", { name: /check/i }).first().waitFor();
  expect(await page.getByRole("searchbox", { name: "Search identifiers and titles" }).inputValue()).toBe("check");
});
