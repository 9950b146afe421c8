// The pages on a phone: nothing is wider than the screen. Pictures of each are kept.

import { editors, ok, screenshot, signIn, visit } from "./browser.mjs";
import { fits } from "./reading.mjs";

for (const colorScheme of ["light", "dark"]) {
  const phone = { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true, colorScheme };
  const { page, done } = await visit("/graphiql", phone);
  await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-sign-in`, { fullPage: true });
  await signIn(page, "support");
  await editors(page);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  await page.getByLabel("Show Access").click();
  await page.locator(".panel .level").first().waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-graphiql`);
  await page.locator(".graphiql-response").scrollIntoViewIfNeeded();
  await screenshot(page, `phone-${colorScheme}-answer`);
  await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
  await page.getByRole("link", { name: "Access matrix" }).click();
  await page.getByLabel("Type").selectOption("Customer");
  await page.getByRole("button", { name: /^Customer\.email, / }).first().waitFor();
  await fits(page);
  await screenshot(page, `phone-${colorScheme}-access`);
  await done();
  ok(`on a phone, ${colorScheme}`);
}
