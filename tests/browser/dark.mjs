// Dark where the system is, unless somebody chooses; and as easy to read.

import assert from "node:assert/strict";
import { editors, ok, screenshot, signIn, visit } from "./browser.mjs";
import { accessible } from "./reading.mjs";

const { page, done } = await visit("/graphiql", { colorScheme: "dark" });
await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
await screenshot(page, "dark-sign-in");
await accessible(page, "body");
await signIn(page, "support");
await editors(page);
await page.getByRole("button", { name: /^Execute query/ }).click();
await page.locator(".panel .level").first().waitFor();
await accessible(page, ".bar", ".panel");
await screenshot(page, "dark-graphiql");
await page.getByRole("button", { name: "Compare" }).click();
await page.locator("dialog.side-by-side").getByText("differ, marked").waitFor();
await accessible(page, "dialog.side-by-side");
await screenshot(page, "dark-compare");
await page.keyboard.press("Escape");
await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
await page.getByRole("link", { name: "Access matrix" }).click();
await page.getByLabel("Type").selectOption("Customer");
await page.getByRole("button", { name: /^Customer\.email, / }).first().waitFor();
await accessible(page, "body");
await screenshot(page, "dark-access");
ok("dark is as easy to read");

const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
await page.getByLabel("Colours").selectOption("light");
assert.equal(await scheme(), "light");
await screenshot(page, "dark-turned-light");
await page.getByLabel("Colours").selectOption("system");
assert.equal(await scheme(), "light dark");
await done();
ok("who chooses has what he chose");
