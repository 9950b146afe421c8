// What people who do not see, or see badly, would meet; and what does not fit.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** No fault in these parts of the page, by the rules of WCAG 2.2 AA that a program can tell. */
export async function accessible(page, ...parts) {
  // Through the debugger, not as a script of the page: its policy takes none.
  await page.evaluate(axe);
  const found = await page.evaluate(
    ([include, rules]) => axe.run({ include }, { runOnly: rules }), [parts.map((part) => [part]), RULES],
  );
  const faults = found.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ""}`));
  assert.deepEqual(faults, []);
}

/** Nothing is wider than the screen. */
export const fits = async (page) =>
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the screen");
