// The distribution's Chromium in front of one server. Whatever a page does that it must not, ends the program: an error in
// its console, a breach of its policy, a request to anybody else.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** `{"base": …, "chromium": …, "screenshots": …}`, from whoever runs this. */
export const world = JSON.parse(process.argv[2]);
mkdirSync(world.screenshots, { recursive: true });

const { hostname, origin } = new URL(world.base);

/** A page as somebody finds it who was never here; `done` tells what it did wrong. */
export async function visit(path, options = {}) {
  const browser = await chromium.launch({
    executablePath: world.chromium,
    args: [
      // No other host has an address, and nothing of Chromium's own is asked for.
      `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname}`,
      "--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-proxy-server",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const wrong = [];
  const answers = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !["data:", "blob:"].includes(url.protocol)) wrong.push(`foreign request: ${url.href}`);
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) wrong.push(`foreign socket: ${socket.url()}`);
  });
  page.on("response", (response) => answers.push(response));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`policy violation: ${violatedDirective} ${blockedURI}`));
  });
  const response = await page.goto(world.base + path);
  assert.equal(response.status(), 200);
  return {
    page,
    answers,
    /** Errors that a step brings about on purpose. */
    forgive: (pattern) => {
      const at = wrong.findIndex((text) => pattern.test(text));
      assert.notEqual(at, -1, `nothing like ${pattern} in ${wrong.join("; ")}`);
      wrong.splice(at, 1);
    },
    done: async () => {
      await browser.close();
      assert.deepEqual(wrong, []);
    },
  };
}

export const signIn = async (page, name) => {
  await page.getByRole("button", { name: new RegExp(`^${name}@acme.example`) }).click();
  await page.getByRole("button", { name: "Sign out" }).first().waitFor();
};

/** Until GraphiQL's editors, which are loaded after it, can be used. */
export async function editors(page) {
  for (const name of ["query-editor", "response"]) await page.locator(`.graphiql-${name} .CodeMirror`).waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".graphiql-query-editor .cm-def, .graphiql-query-editor .cm-property").length > 0);
}

export const screenshot = (page, name, options = {}) =>
  page.screenshot({ path: join(world.screenshots, `${name}.png`), ...options });

/** What another client is answered; an error is thrown. */
export async function ask(query, variables = {}, token = undefined) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(`${world.base}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** The access token of a demo account. */
export const token = async (name) => (await ask(
  "mutation ($username: String!) { login(username: $username, password: \"Custodian-Demo-1\") { accessToken } }",
  { username: `${name}@acme.example` },
)).login.accessToken;

/** A step that held. */
export const ok = (what) => console.log(`ok ${what}`);
