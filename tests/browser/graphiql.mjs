// GraphiQL as people use it: sign in, run the README's query, see what the policy did, listen, upload.

import assert from "node:assert/strict";
import { ask, editors, ok, screenshot, signIn, token, visit } from "./browser.mjs";

const { page, forgive, done } = await visit("/graphiql");

const editor = (name) => page.locator(`.graphiql-${name} .CodeMirror`);
const run = () => page.getByRole("button", { name: /^Execute query/ }).click();
const panel = page.locator(".panel");
const answered = async (what) => {
  await page.waitForFunction(
    (text) => document.querySelector(".graphiql-response .CodeMirror")?.CodeMirror.getValue().includes(text), what,
  );
  return JSON.parse(await page.locator(".graphiql-response .CodeMirror").evaluate((element) => element.CodeMirror.getValue()));
};
const tab = (name) => page.getByRole("tab", { name, exact: true }).click();

await page.getByRole("heading", { name: "Demo accounts" }).waitFor();
await screenshot(page, "sign-in");
await page.getByLabel("Account", { exact: true }).fill("support@acme.example");
await page.getByLabel("Password").fill("wrong");
await page.getByRole("button", { name: "Sign in", exact: true }).click();
await page.getByRole("alert").waitFor();
ok("a wrong password is said to be");

await signIn(page, "support");
await page.locator(".panel").waitFor();
await editors(page);
assert.equal(await page.locator(".bar .role").textContent(), "support_agent");
assert.match(await page.locator(".expiry").textContent(), /1[45]:\d\d$/);
ok("role and expiry are visible");

await run();
let answer = await answered("María García López");
assert.match(answer.data.customers.nodes[0].email, /\*/);
await panel.getByText("Customer.email").waitFor();
assert.match(await panel.textContent(), /masked Customer\.emailRESTRICTED PII|masked Customer\.email/);
assert.match(await panel.textContent(), /administrators of the policy are told/);
await screenshot(page, "graphiql-support");
ok("support sees the mask, and the panel says so");

await panel.getByRole("button", { name: "Compare" }).click();
const compared = page.locator("dialog.side-by-side");
await compared.getByText("differ, marked").waitFor();
assert.ok((await compared.locator("tr.differs").count()) >= 2);
await screenshot(page, "graphiql-compare");
await compared.getByRole("button", { name: "Close" }).click();
ok("the same query as another role stands beside it");

await page.getByLabel("Show Documentation Explorer").click();
await page.getByRole("link", { name: "Query", exact: true }).first().click();
await page.getByText("API clients the viewer reaches").waitFor();
assert.equal(await page.locator(".graphiql-plugin").getByText("accessMatrix").count(), 0, "support is shown the matrix");
const shown = page.locator(".graphiql-plugin");
await shown.getByRole("link", { name: "customer", exact: true }).first().waitFor();
assert.ok((await shown.locator("code", { hasText: "INTERNAL" }).count()) > 5);
await screenshot(page, "graphiql-docs");
ok("the documentation is the role's, with classifications");

await page.getByLabel("Show GraphiQL Explorer").click();
await page.locator(".graphiql-explorer-root, .docExplorerWrap").first().waitFor();
await screenshot(page, "graphiql-explorer");
ok("the explorer is there");

await page.getByLabel("Signed in as").selectOption("tenant-admin@acme.example");
await page.locator(".bar .role", { hasText: "tenant_admin" }).waitFor();
await page.getByLabel("Show Access").click();
await run();
await page.waitForFunction(() => !document.querySelector(".graphiql-response .CodeMirror").CodeMirror.getValue().includes("***"));
answer = await answered("María García López");
assert.doesNotMatch(answer.data.customers.nodes[0].email, /\*/);
ok("the administrator sees it in clear");

await panel.getByLabel("Right").selectOption("network@acme.example");
await panel.getByRole("button", { name: "Compare" }).click();
await compared.getByRole("button", { name: /Customer.phone is so for network_engineer/ }).click();
await compared.getByText("policy.csv").first().waitFor();
await screenshot(page, "graphiql-compare-why");
await page.keyboard.press("Escape");
ok("an administrator is told why");

await tab("Listen");
await run();
await page.getByRole("button", { name: /^Stop query/ }).waitFor();
// Another client changes the customer until this one hears of it: nothing says when the server has begun to listen.
const admin = await token("tenant-admin");
const heard = answered("María G. López").then(() => true);
for (let n = 1, isHeard = false; !isHeard; n++) {
  const { id, version } = (await ask("{ customers(first: 1) { nodes { id version } } }", {}, admin)).customers.nodes[0];
  await ask(
    "mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) { customer { id } } }",
    { input: { id, version, displayName: n % 2 ? "María G. López" : "María García López" } },
    admin,
  );
  isHeard = await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 1000, false))]);
}
answer = await answered("María G. López");
assert.equal(answer.data.customerChanged.displayName, "María G. López");
await screenshot(page, "graphiql-subscription");
await page.getByRole("button", { name: /^Stop query/ }).click();
ok("a subscription receives an event");

await tab("Upload");
await page.getByLabel("Show Files").click();
await panel.getByLabel("$input.file").setInputFiles({ name: "contract.pdf", mimeType: "application/pdf", buffer: pdf() });
await run();
answer = await answered("documentUpload");
assert.deepEqual(answer.data.documentUpload.userErrors, []);
assert.match(answer.data.documentUpload.document.id, /^doc_/);
await screenshot(page, "graphiql-upload");
ok("a PDF is uploaded");

await tab("Rights");
await page.getByRole("button", { name: "Headers" }).click();
await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror").evaluate((element) =>
  element.CodeMirror.setValue('{"X-Custodian-Role": "network_engineer"}'));
await run();
answer = await answered("errors");
assert.equal(answer.errors[0].extensions.code, "FORBIDDEN");
forgive(/403/);
ok("headers that are typed are sent");

const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
assert.doesNotMatch(stored, /eyJ|Bearer|network_engineer/, "a token or a header is stored");
ok("no token and no header is stored");

await page.getByRole("button", { name: "Sign out" }).click();
await signIn(page, "customer");
await page.getByRole("heading", { name: "Not for this role" }).waitFor();
assert.equal(await page.locator(".graphiql-container, nav").count(), 0);
await screenshot(page, "graphiql-customer");
ok("a customer is told that there is nothing");
await done();

/** The smallest document of one empty page. */
function pdf() {
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
  ];
  let text = "%PDF-1.4\n";
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const start = text.length;
  const entries = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`);
  text += `xref\n0 4\n0000000000 65535 f \n${entries.join("")}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}
