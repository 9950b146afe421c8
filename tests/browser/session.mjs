// A session from end to end: another role of the account, a token renewed by itself, and nothing left after signing out.
// Whoever runs this lets tokens live for seconds.

import assert from "node:assert/strict";
import { ask, editors, ok, signIn, token, visit } from "./browser.mjs";

const admin = await token("tenant-admin");
const { users, roles } = await ask("{ users(first: 50) { nodes { id username } } roles(first: 50) { nodes { id name } } }", {}, admin);
const support = users.nodes.find(({ username }) => username === "support@acme.example");
const billing = roles.nodes.find(({ name }) => name === "billing_manager");
const granted = await ask(
  "mutation ($input: RoleGrantInput!) { roleGrant(input: $input) { userErrors { message } } }",
  { input: { userId: support.id, roleId: billing.id, scope: "TENANT", justification: "stands in for a colleague" } },
  admin,
);
assert.deepEqual(granted.roleGrant.userErrors, []);

const { page, done } = await visit("/graphiql");
const renewed = page.waitForRequest((request) => request.postData()?.includes("tokenRefresh") ?? false);
await signIn(page, "support");
await editors(page);
const run = async () => {
  const coming = page.waitForResponse((response) => response.request().postData()?.includes("query Customers") ?? false);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  const answer = await coming;
  return { headers: await answer.request().allHeaders(), answer: await answer.json() };
};
const before = await run();
assert.ok(before.answer.data.customers);

await page.getByLabel("Role acted in").selectOption("billing_manager");
await page.locator(".panel").getByText("run as").waitFor();
await page.getByLabel("Show Documentation Explorer").waitFor();
const changed = await run();
assert.equal(changed.headers["x-custodian-role"], "billing_manager");
await page.locator(".panel .role", { hasText: "billing_manager" }).waitFor();
ok("who holds several roles chooses one");

await renewed;
await page.waitForFunction(() => /0:0[1-9]$/.test(document.querySelector(".expiry").textContent));
const after = await run();
assert.notEqual(after.headers["authorization"], before.headers["authorization"]);
assert.ok(after.answer.data.customers);
ok("the token is renewed before it ends");

const out = page.waitForResponse((response) => response.request().postData()?.includes("logout") ?? false);
await page.getByRole("button", { name: "Sign out" }).click();
await out;
await page.getByRole("heading", { name: "Sign in" }).waitFor();
assert.equal(await page.evaluate(() => sessionStorage.length), 0);
await assert.rejects(ask("{ viewer { id } }", {}, after.headers["authorization"].replace("Bearer ", "")), /UNAUTHENTICATED/);
await done();
ok("signing out ends it here and at the server");
