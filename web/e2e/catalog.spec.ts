import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { ask, makeAccount, openSignedIn, useBrowser } from "./support/browser";

useBrowser();

const titles = (page: Page) => page.locator('[data-cell$=":1"] a').allInnerTexts();

async function openTable(path: string): Promise<Page> {
  const page = await openSignedIn();
  await page.goto(path);
  await page.getByRole("grid").getByRole("link").first().waitFor();
  return page;
}

test("rows are sorted by the server, and the address tells how", async () => {
  const page = await openTable("/t/demo/catalog/service");
  await page.getByRole("button", { name: "Open issues" }).click();
  await page.getByRole("columnheader", { name: "Open issues" }).and(page.locator("[aria-sort=ascending]")).waitFor();
  await page.getByRole("button", { name: "Open issues" }).click();
  await page.getByRole("columnheader", { name: "Open issues" }).and(page.locator("[aria-sort=descending]")).waitFor();
  await page.waitForLoadState("networkidle");
  const { entities } = (await ask(
    '{ entities(blueprint: "service", orderBy: [{property: "openIssues", direction: DESC}], first: 5) { nodes { title } } }',
  )) as unknown as { entities: { nodes: Array<{ title: string }> } };
  const expected = entities.nodes.map(({ title }) => title);
  expect((await titles(page)).slice(0, 5)).toEqual(expected);
  const pasted = await openTable(new URL(page.url()).pathname + new URL(page.url()).search);
  expect((await titles(pasted)).slice(0, 5)).toEqual(expected);
});

test("a filter is built from the properties, and is in the address", async () => {
  const page = await openTable("/t/demo/catalog/service");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("combobox", { name: "Property" }).fill("Tier");
  await page.getByRole("option", { name: /^Tier/ }).click();
  await page.getByRole("combobox", { name: "Values" }).click();
  await page.getByRole("option", { name: "gold" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("listitem").filter({ hasText: "Tier is any of gold" }).waitFor();
  await page.getByText("16 match").waitFor();
  expect(page.url()).toContain("where=");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /Remove the filter Tier/ }).click();
  await page.getByText("40 entities").waitFor();
});

test("a table is walked by keys, and an entity looked at beside it", async () => {
  const page = await openTable("/t/demo/catalog/service");
  await page.locator('[data-cell="0:0"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement)?.dataset.cell)).toBe("2:1");
  await page.keyboard.press("Shift+Enter");
  const panel = page.getByRole("dialog");
  await panel.getByText("Where to ask").waitFor();
  expect(page.url()).toContain("look=");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "hidden" });
});

test("thousands of rows take no more of the document than a few", async () => {
  const count = 3_000;
  await ask("mutation($input: JSON!) { createBlueprint(input: $input) { errors { message } } }", {
    input: {
      identifier: "many",
      title: "Many",
      schema: { properties: { number: { type: "number", title: "Number" } } },
    },
  });
  for (let from = 0; from < count; from += 1_000) {
    const input = Array.from({ length: 1_000 }, (_, at) => ({
      blueprint: "many",
      identifier: `m-${String(from + at).padStart(6, "0")}`,
      title: `Item ${String(from + at).padStart(6, "0")}`,
      properties: { number: from + at },
    }));
    await ask("mutation($input: [EntityInput!]!) { upsertEntities(input: $input) { failed } }", { input });
  }
  const page = await openTable("/t/demo/catalog/many");
  await page.getByText("3,000 entities").waitFor();
  await page.locator('[data-cell="0:0"]').focus();
  await page.keyboard.press("Control+End");
  await page.getByRole("link", { name: "Item 002999" }).waitFor();
  expect(await page.getByRole("row").count()).toBeLessThanOrEqual(61);
});

test("the palette finds an entity and goes there", async () => {
  const page = await openTable("/t/demo/catalog/service");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find entities, blueprints and pages" }).fill("bask");
  await page
    .getByRole("option", { name: /Basket\s*Service/ })
    .first()
    .waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Basket", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("group", { name: "Recent" }).getByText("Basket", { exact: true }).waitFor();
});

test("one value of many is set at once, and the failures of a few do not hold up the rest", async () => {
  const page = await openTable("/t/demo/catalog/service?q=check");
  await page.locator('[data-cell="0:0"]').focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+Space");
  await page.getByText("2 chosen").waitFor();
  await page.getByRole("button", { name: "Edit…" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit 2 entities" });
  await dialog.getByRole("combobox", { name: "What to set" }).fill("Lifecycle");
  await page.getByRole("option", { name: "Lifecycle" }).click();
  await dialog.getByRole("combobox", { name: "New value" }).click();
  await page.getByRole("option", { name: "deprecated" }).click();
  await dialog.getByRole("button", { name: "Set the value" }).click();
  await dialog.getByText("2 of 2 entities edited.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect.poll(() => page.getByRole("gridcell").filter({ hasText: "deprecated" }).count()).toBe(2);
});

test("an entity is made, edited and deleted by hand; what the server refuses stays in the form", async () => {
  const page = await openTable("/t/demo/catalog/service");
  await page.getByRole("button", { name: "New Service" }).click();
  const form = page.getByRole("dialog", { name: "New Service" });
  await form.getByLabel("Title").fill("Returns ↩ مرتجعات");
  await form.getByLabel("Identifier").fill("returns-desk");
  await form.getByRole("button", { name: "Make" }).click();
  await form.getByText('the property "tier" is required').waitFor();
  await form.getByText('the relation "owner" is required').waitFor();
  expect(await form.getByLabel("Title").inputValue()).toBe("Returns ↩ مرتجعات");
  await form.getByRole("combobox", { name: /^Tier/ }).click();
  await page.getByRole("option", { name: "gold" }).click();
  await form.getByRole("combobox", { name: /^Owner/ }).fill("Pay");
  await page.getByRole("option", { name: /Payments/ }).click();
  await form.getByRole("button", { name: "Make" }).click();
  await form.waitFor({ state: "hidden" });
  await page.goto("/t/demo/entity/service/returns-desk");
  await page.getByRole("heading", { name: "Returns ↩ مرتجعات" }).waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: /^Edit/ });
  await edit.getByLabel("Open issues").fill("7");
  await edit.getByRole("button", { name: "Save" }).click();
  await edit.waitFor({ state: "hidden" });
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByText("changed it").waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: /Delete/ }).click();
  await page
    .getByRole("dialog", { name: /Delete Service/ })
    .getByRole("button", { name: "Delete" })
    .click();
  await page.getByRole("grid").waitFor();
  const { entity } = (await ask('{ entity(blueprint: "service", identifier: "returns-desk") { id } }')) as unknown as {
    entity: unknown;
  };
  expect(entity).toBeNull();
});

test("whoever only reads can look and export, and is told why the rest is off", async () => {
  const account = await makeAccount("VIEWER");
  const page = await openSignedIn({ account });
  await page.goto("/t/demo/catalog/service");
  await page.getByRole("grid").getByRole("link").first().waitFor();
  expect(await page.getByRole("checkbox", { name: "Choose all rows" }).count()).toBe(0);
  const make = page.getByRole("button", { name: "New Service" });
  expect(await make.getAttribute("aria-disabled")).toBe("true");
  await make.hover();
  await page.getByText("This takes the role of a member; yours is viewer.").waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  expect((await downloading).suggestedFilename()).toBe("service.csv");
});
