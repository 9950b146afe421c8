// The access matrix: who may use it, what it shows, why, and what another policy would change.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ok, screenshot, signIn, visit, world } from "./browser.mjs";

const { page, done } = await visit("/access");
await signIn(page, "support");
await page.getByText("The access matrix is for those who administer the policy").waitFor();
assert.equal(await page.locator("table").count(), 0);
ok("support is told that it is for others");

await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
const table = page.locator("table.matrix");
await table.waitFor();
const rows = () => table.locator("tbody tr:not(.type)").count();
const all = await rows();
assert.ok(all > 800, `${all} fields`);
await screenshot(page, "access");
ok("the matrix has every field");

await page.getByLabel("Type").selectOption("Customer");
await page.waitForFunction((all) => document.querySelectorAll("table.matrix tbody tr").length < all / 5, all);
const customer = await rows();
await page.getByLabel("Classification").selectOption("RESTRICTED");
await page.waitForFunction((before) => document.querySelectorAll("table.matrix tbody tr:not(.type)").length < before, customer);
await page.getByLabel("Shown as").selectOption("masked");
for (const role of ["tenant_admin", "support_agent", "network_engineer"]) await page.getByRole("checkbox", { name: role }).check();
await page.getByText("3 of 9 roles").waitFor();
assert.equal(await table.locator("thead th").count(), 5);
const email = table.locator("tr", { has: page.getByRole("rowheader", { name: /^email/ }) }).first();
assert.match(await email.textContent(), /clear.*masked.*denied/);
await screenshot(page, "access-filtered");
ok("it filters by type, classification, level and role");

await page.getByRole("button", { name: /^Customer\.email, support_agent: / }).click();
const why = page.locator("dialog.why");
await why.getByText("p, support_agent, customer.email, read:masked, allow").waitFor();
await why.getByText("and decides").first().waitFor();
await why.getByText("update", { exact: true }).waitFor();
await screenshot(page, "access-why");
await page.keyboard.press("Escape");
await why.waitFor({ state: "detached" });
ok("a decision is explained with its rules");

const focused = () => page.evaluate(() => document.activeElement.textContent);
await page.getByRole("button", { name: /^Customer\.email, support_agent: / }).focus();
await page.keyboard.press("ArrowRight");
assert.match(await focused(), /Customer\.email, network_engineer/);
await page.keyboard.press("Enter");
await why.waitFor();
await why.getByRole("button", { name: "Close" }).click();
ok("it is used by keyboard");

await page.getByLabel("Shown as").selectOption("");
await page.getByLabel("Classification").selectOption("");
for (const role of ["tenant_admin", "support_agent", "network_engineer"]) await page.getByRole("checkbox", { name: role }).uncheck();
await page.getByText("9 of 9 roles").waitFor();
const coming = page.waitForEvent("download");
await page.getByRole("button", { name: "Download CSV" }).click();
const file = join(world.screenshots, "access-matrix.csv");
await (await coming).saveAs(file);
const csv = readFileSync(file, "utf8");
assert.match(csv, /^type,field,classification,category,/);
assert.equal(csv.split("\r\n").filter((line) => line.startsWith("Customer,")).length, customer + 1);
assert.doesNotMatch(csv, /(^|,)[=+@]/m);
ok("it is downloaded as CSV");

const other = csv.replace(/^(Customer,email,.*)masked/m, "$1clear").replace(/^(Customer,phone,.*?,)clear/m, "$1'=denied").replace("'=denied", "denied");
const compare = page.locator('input[type="file"]');
await compare.setInputFiles({ name: "proposed.csv", mimeType: "text/csv", buffer: Buffer.from(other) });
await page.getByText("In force, against proposed.csv: 2 decisions differ").waitFor();
await page.getByLabel("only what differs").check();
await table.getByText("≠ other: clear").first().waitFor();
await screenshot(page, "access-compared");
await page.getByRole("button", { name: "End comparison" }).click();
await compare.setInputFiles({ name: "letter.csv", mimeType: "text/csv", buffer: Buffer.from("Dear,all\r\n") });
await page.getByText("This is no access matrix").waitFor();
ok("two policies are compared");

await page.emulateMedia({ media: "print" });
assert.equal(await page.locator(".filters").isVisible(), false);
await screenshot(page, "access-print");
await page.emulateMedia({ media: "screen" });
ok("it prints without what is for the screen");

await page.getByRole("link", { name: "GraphiQL" }).click();
await page.locator(".graphiql-container").waitFor();
await page.getByRole("link", { name: "Access matrix" }).click();
await table.waitFor();
ok("one stays signed in between the pages");
await done();
