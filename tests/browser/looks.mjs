// What everybody meets: how much is loaded and kept, light and dark, large and small, and what a screen reader is told.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { editors, ok, screenshot, signIn, visit } from "./browser.mjs";

const MOST = 1.2 * 1024 * 1024;
const PHONE = { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true };
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Faults that people who do not see, or see badly, would meet in these parts of the page. */
async function accessible(page, what, parts) {
  // Through the debugger, not as a script of the page: its policy takes none.
  await page.evaluate(axe);
  const found = await page.evaluate(
    (include) => axe.run({ include }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
    parts.map((part) => [part]),
  );
  const faults = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`).slice(0, 3).join(" | ")}`);
  assert.deepEqual(faults, [], what);
}

/** No wider than the screen. */
const fits = async (page) =>
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is wider than the screen");

{
  const { page, answers, done } = await visit("/graphiql");
  await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
  await accessible(page, "sign-in", ["body"]);
  await signIn(page, "support");
  await editors(page);
  await page.waitForLoadState("networkidle");
  let total = 0;
  for (const response of answers) {
    const path = new URL(response.url()).pathname;
    if (path !== "/graphiql" && !path.startsWith("/console/")) continue;
    const headers = await response.allHeaders();
    assert.ok(headers["content-encoding"], `${path} is not compressed`);
    const { responseBodySize } = await response.request().sizes();
    total += responseBodySize;
    const caching = headers["cache-control"];
    assert.equal(caching, path === "/graphiql" ? "no-cache" : "public, max-age=31536000, immutable", path);
    assert.ok(headers["etag"], path);
  }
  assert.ok(total > 100_000 && total <= MOST, `${total} bytes`);
  ok(`GraphiQL loads ${(total / 1024).toFixed(0)} KiB, compressed and kept`);
  await accessible(page, "GraphiQL", [".bar", ".panel"]);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  await page.locator(".panel .level").first().waitFor();
  await accessible(page, "the panel", [".panel"]);
  await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
  await page.getByRole("link", { name: "Access matrix" }).click();
  await page.getByLabel("Type").selectOption("Customer");
  await page.getByRole("button", { name: /^Customer\.email, / }).first().waitFor();
  await accessible(page, "the matrix", ["body"]);
  await done();
  ok("a screen reader is told what it needs");
}

for (const colorScheme of ["light", "dark"]) {
  const { page, done } = await visit("/graphiql", { ...PHONE, colorScheme });
  await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-sign-in`, { fullPage: true });
  await signIn(page, "support");
  await editors(page);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  await page.getByLabel("Show Access").click();
  await page.locator(".panel .level").first().waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-graphiql`, { fullPage: true });
  await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
  await page.getByRole("link", { name: "Access matrix" }).click();
  await page.getByLabel("Type").selectOption("Customer");
  await page.getByRole("button", { name: /^Customer\.email, / }).first().waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-access`);
  await done();
  ok(`on a phone, ${colorScheme}`);
}

{
  const { page, done } = await visit("/graphiql", { colorScheme: "dark" });
  await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
  await screenshot(page, "dark-sign-in");
  await accessible(page, "dark sign-in", ["body"]);
  await signIn(page, "support");
  await editors(page);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  await page.locator(".panel .level").first().waitFor();
  await accessible(page, "dark panel", [".bar", ".panel"]);
  await screenshot(page, "dark-graphiql");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator("dialog.side-by-side").getByText("differ, marked").waitFor();
  await accessible(page, "dark comparison", ["dialog.side-by-side"]);
  await screenshot(page, "dark-compare");
  await page.keyboard.press("Escape");
  await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
  await page.getByRole("link", { name: "Access matrix" }).click();
  await page.getByLabel("Type").selectOption("Customer");
  await page.getByRole("button", { name: /^Customer\.email, / }).first().waitFor();
  await accessible(page, "dark matrix", ["body"]);
  await screenshot(page, "dark-access");
  await page.getByLabel("Colours").selectOption("light");
  await screenshot(page, "dark-turned-light");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "light");
  await done();
  ok("it is dark where the system is, unless somebody chooses");
}
