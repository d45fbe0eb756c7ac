import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { ask, makeAccount, openSignedIn, useBrowser } from "./support/browser";

useBrowser();

const node = (page: Page, identifier: string) => page.locator(`.react-flow__node[data-id="${identifier}"]`);

async function definition(identifier: string): Promise<{ schema: object; relations: object } | undefined> {
  const query = "query($identifier: ID!) { blueprint(identifier: $identifier) { json } }";
  const { blueprint } = (await ask(query, { identifier })) as unknown as {
    blueprint: { json: { schema: object; relations: object } } | null;
  };
  return blueprint?.json;
}

test("what a change would lose is told before it is published, and undone again", async () => {
  const page = await openSignedIn();
  await page.goto("/t/demo/blueprints?blueprint=service&at=%2Fschema%2Fproperties%2FopenIssues");
  await page.getByRole("button", { name: "Remove the property" }).click();
  await page.getByText(/values would be gone/).waitFor();
  await page.getByRole("button", { name: "Review", exact: true }).click();
  const review = page.getByRole("dialog", { name: "Publish the draft" });
  await review.getByText("Service.openIssues", { exact: true }).waitFor();
  await review.getByRole("button", { name: "Keep as a draft" }).click();
  // The draft outlives the page.
  await page.reload();
  await page.getByRole("button", { name: "Review and publish 1" }).waitFor();
  await page.getByRole("button", { name: "More about this blueprint" }).click();
  await page.getByRole("menuitem", { name: "Discard the changes" }).click();
  await page.getByRole("button", { name: "Publish", exact: true }).waitFor();
  await page.keyboard.press("Control+z");
  await page.getByRole("button", { name: "Review and publish 1" }).waitFor();
  await page.keyboard.press("Control+y");
  await page.getByRole("button", { name: "Publish", exact: true }).waitFor();
});

test("a draft and somebody else's change of the same place are merged by their author", async () => {
  const page = await openSignedIn();
  await page.goto("/t/demo/blueprints?blueprint=cluster");
  await page.getByLabel("Title").fill("Cluster of mine");
  await page.getByRole("button", { name: "Review and publish 1" }).waitFor();
  const theirs = { ...(await definition("cluster")), title: "Cluster of theirs", description: "theirs alone" };
  const change =
    'mutation($input: JSON!) { updateBlueprint(identifier: "cluster", input: $input) { errors { message } } }';
  await ask(change, { input: theirs });
  await page.getByRole("button", { name: "Merge" }).click();
  const dialog = page.getByRole("dialog", { name: /^Merge/ });
  await dialog.getByRole("button", { name: "Mine" }).click();
  await dialog.getByRole("button", { name: "Take the merged draft" }).click();
  await page.getByRole("button", { name: "Review and publish 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("The blueprint is published.").waitFor();
  expect(await definition("cluster")).toMatchObject({ title: "Cluster of mine", description: "theirs alone" });
});

test("a blueprint is designed by keyboard alone", async () => {
  const page = await openSignedIn();
  await page.goto("/t/demo/blueprints");
  await node(page, "incident").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Add a relation" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "New relation" });
  await dialog.getByRole("combobox", { name: "To" }).focus();
  await page.keyboard.type("Clust");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await dialog.getByLabel("Title").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove the relation" }).waitFor();
  await page.getByRole("button", { name: "Review and publish 1" }).waitFor();
});

test("who may not change blueprints is offered nothing that does", async () => {
  const page = await openSignedIn({ account: await makeAccount("MEMBER") });
  await page.goto("/t/demo/blueprints?blueprint=service");
  await page.getByText("Reachable from outside").first().waitFor();
  expect(await page.getByRole("button", { name: /^Add an? / }).count()).toBe(0);
  expect(await page.getByRole("button", { name: /publish/i }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "New blueprint" }).getAttribute("aria-disabled")).toBe("true");
  expect(await page.getByLabel("Title").first().isDisabled()).toBe(true);
});
