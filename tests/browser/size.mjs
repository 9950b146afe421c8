// How much is loaded, and that it is loaded once.

import assert from "node:assert/strict";
import { editors, ok, signIn, visit } from "./browser.mjs";

const MOST = 1.2 * 1024 * 1024;

const { page, answers, done } = await visit("/graphiql");
await signIn(page, "support");
await editors(page);
await page.waitForLoadState("networkidle");
let total = 0;
for (const response of answers) {
  const path = new URL(response.url()).pathname;
  if (path !== "/graphiql" && !path.startsWith("/console/")) continue;
  const headers = await response.allHeaders();
  assert.ok(headers["content-encoding"], `${path} is not compressed`);
  assert.equal(headers["cache-control"], path === "/graphiql" ? "no-cache" : "public, max-age=31536000, immutable", path);
  assert.ok(headers["etag"], path);
  total += (await response.request().sizes()).responseBodySize;
}
assert.ok(total > 100_000 && total <= MOST, `${total} bytes`);
await done();
ok(`GraphiQL loads ${(total / 1024).toFixed(0)} KiB, compressed, and keeps it`);
