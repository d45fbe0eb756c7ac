import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** WCAG 2.2 AA, as far as rules can tell. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails where axe finds a violation, and names the elements. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(
    // biome-ignore lint/suspicious/noExplicitAny: axe is a global of the page
    (tags) => (globalThis as any).axe.run(document, { runOnly: tags, resultTypes: ["violations"] }),
    TAGS,
  )) as AxeResults;
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`),
  );
  expect(found, what).toEqual([]);
}
