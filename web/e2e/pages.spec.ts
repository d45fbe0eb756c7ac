// Each page in both themes and two widths: nothing blocked, nothing in the console, axe finds nothing, nothing wider than
// the window. Pictures go to e2e/.shots for people to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PAGES } from "./pages";
import { expectAccessible } from "./support/axe";
import { expectComplaints, NARROW, openPage, openSignedIn, useBrowser, WIDE } from "./support/browser";

const shots = join(import.meta.dirname, ".shots");
mkdirSync(shots, { recursive: true });

useBrowser();

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  test.each(PAGES)("$name", async ({ name, path, isPublic, shows }) => {
    if (name === "invitation-gone") expectComplaints(/404/);
    for (const window of [WIDE, NARROW]) {
      const page = await (isPublic ? openPage : openSignedIn)({ theme, window });
      await page.goto(path);
      const sign = typeof shows === "object" && "css" in shows ? page.locator(shows.css) : page.getByText(shows);
      await sign.first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(shots, `${name}-${theme}-${window.width}.png`) });
      await expectAccessible(page, `${name}, ${theme}, ${window.width} px`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, "pixels wider than the window").toBeLessThanOrEqual(0);
    }
  });
});
