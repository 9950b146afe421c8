// A screen reader is told what it needs, on every page.

import { editors, ok, signIn, visit } from "./browser.mjs";
import { accessible } from "./reading.mjs";

const { page, done } = await visit("/graphiql");
await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
await accessible(page, "body");
ok("signing in");

await signIn(page, "support");
await editors(page);
await page.getByRole("button", { name: /^Execute query/ }).click();
await page.locator(".panel .level").first().waitFor();
await accessible(page, ".bar", ".panel");
ok("GraphiQL's panels");

await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
await page.getByRole("link", { name: "Access matrix" }).click();
await page.getByLabel("Type").selectOption("Customer");
await page.getByText(/^\d\d of \d+ fields/).waitFor();
await accessible(page, "body");
await done();
ok("the access matrix");
