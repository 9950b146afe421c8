// Who is signed in. Tokens are held here and nowhere else: no storage of the browser ever has one, so they end with the
// page, and whoever opens it anew signs in anew.

import { type Answer, type Operation, type Upload, faultOf, send } from "./api";
import { store } from "./store";

export interface Session {
  /** Changes with the account and with the role, not with the token. */
  readonly id: number;
  readonly username: string;
  readonly displayName: string;
  readonly provider: string;
  readonly role: string;
  readonly roles: readonly string[];
  readonly may: { readonly schema: boolean; readonly matrix: boolean; readonly explain: boolean };
}

interface Tokens {
  access: string;
  refresh: string;
  /** By the clock of this machine. */
  expiresAt: number;
}

/** Nobody, or why nobody any more. */
export interface Nobody {
  readonly id: 0;
  readonly why?: string;
}

export class SecondFactorNeeded extends Error {}

/** Refreshed so long before the end, and on use when later than that. */
const EARLY_MS = 60_000;

export const session = store<Session | Nobody>({ id: 0 });
/** When the access token ends. */
export const expiry = store(0);

let tokens: Tokens | undefined;
let chosenRole: string | undefined;
let refreshing: Promise<void> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let lastId = 0;

const LOGIN = `mutation Login($username: String!, $password: String!, $code: String) {
  login(username: $username, password: $password, code: $code) { accessToken refreshToken expiresIn }
}`;
const REFRESH = `mutation Refresh($token: String!) {
  tokenRefresh(refreshToken: $token) { accessToken refreshToken expiresIn }
}`;
const VIEWER = `query Viewer {
  viewer {
    displayName role roles tenant { displayName }
    schema: access(type: "Query", field: "__schema") { read }
    matrix: access(type: "Query", field: "accessMatrix") { read }
    explain: access(type: "Query", field: "explainAccess") { read }
  }
}`;

interface Given {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

interface Viewer {
  displayName: string;
  role: string;
  roles: string[];
  tenant: { displayName: string } | null;
  schema: { read: string } | null;
  matrix: { read: string } | null;
  explain: { read: string } | null;
}

function kept(given: Given): Tokens {
  const expiresAt = Date.now() + given.expiresIn * 1000;
  return { access: given.accessToken, refresh: given.refreshToken, expiresAt };
}

async function enter(username: string, password: string, code?: string): Promise<Tokens> {
  const answer = await send<{ login: Given | null }>(
    { query: LOGIN, variables: { username, password, code: code || null } },
    {},
  );
  if (answer.data?.login) return kept(answer.data.login);
  if (answer.errors?.[0]?.extensions?.secondFactor) throw new SecondFactorNeeded(faultOf(answer));
  throw new Error(faultOf(answer) ?? "Signing in did not work.");
}

const bearer = (access: string, role?: string): Record<string, string> => ({
  Authorization: `Bearer ${access}`,
  ...(role ? { "X-Custodian-Role": role } : {}),
});

async function look(username: string, access: string, role?: string): Promise<Session> {
  const answer = await send<{ viewer: Viewer | null }>({ query: VIEWER }, bearer(access, role));
  const viewer = answer.data?.viewer;
  if (!viewer) throw new Error(faultOf(answer) ?? "The server does not say who is signed in.");
  const open = (access: { read: string } | null) => access?.read === "CLEAR";
  return {
    id: ++lastId,
    username,
    displayName: viewer.displayName,
    provider: viewer.tenant?.displayName ?? "",
    role: viewer.role,
    roles: viewer.roles,
    may: { schema: open(viewer.schema), matrix: open(viewer.matrix), explain: open(viewer.explain) },
  };
}

function keep(next: Tokens): void {
  tokens = next;
  expiry.set(next.expiresAt);
  clearTimeout(timer);
  const left = next.expiresAt - Date.now();
  timer = setTimeout(() => void refresh().catch(() => undefined), Math.max(left - EARLY_MS, left / 2));
}

/** Signs in; who was signed in before is signed out. */
export async function signIn(username: string, password: string, code?: string): Promise<void> {
  const next = await enter(username, password, code);
  const seen = await look(username, next.access);
  const former = tokens;
  chosenRole = undefined;
  keep(next);
  session.set(seen);
  if (former) void end(former);
}

/** Acts in another role of the same account. */
export async function actAs(role: string): Promise<void> {
  const now = session.get();
  if (now.id === 0) return;
  const seen = await look((now as Session).username, await token(), role);
  chosenRole = role;
  session.set(seen);
}

/** Signs out here and at the server, and forgets what was typed. */
export async function signOut(why?: string): Promise<void> {
  const former = tokens;
  forget(why);
  sessionStorage.clear();
  if (former) await end(former);
}

function forget(why?: string): void {
  tokens = undefined;
  chosenRole = undefined;
  clearTimeout(timer);
  expiry.set(0);
  session.set({ id: 0, ...(why ? { why } : {}) });
}

async function end(former: Tokens): Promise<void> {
  // Whoever cannot be told finds out when the token has ended.
  await send({ query: "mutation { logout }" }, bearer(former.access)).catch(() => undefined);
}

/** Exchanges the tokens for new ones, once however many ask for it at a time. */
function refresh(): Promise<void> {
  refreshing ??= exchange().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function exchange(): Promise<void> {
  const former = tokens;
  if (!former) return;
  const answer = await send<{ tokenRefresh: Given | null }>(
    { query: REFRESH, variables: { token: former.refresh } },
    {},
  );
  if (tokens !== former) return;
  const given = answer.data?.tokenRefresh;
  if (given) keep(kept(given));
  else forget(faultOf(answer) ?? "The session has ended.");
}

async function token(): Promise<string> {
  if (tokens && tokens.expiresAt - Date.now() < EARLY_MS / 6) await refresh();
  if (!tokens) throw new Error("Nobody is signed in.");
  return tokens.access;
}

/** The headers that say who asks, for requests and for sockets. */
export async function credentials(): Promise<Record<string, string>> {
  return bearer(await token(), chosenRole);
}

/** Asks as who is signed in. */
export async function ask<T = Record<string, unknown>>(
  operation: Operation,
  headers: Record<string, string> = {},
  uploads: Upload[] = [],
): Promise<Answer<T>> {
  return send<T>(operation, overridden(await credentials(), headers), uploads);
}

/** Asks once as another account, which is signed out again. */
export async function askAs(username: string, password: string, operation: Operation): Promise<Answer> {
  const guest = await enter(username, password);
  try {
    return await send(operation, bearer(guest.access));
  } finally {
    void end(guest);
  }
}

/** What is written in the headers editor stands, whatever its capitals. */
export function overridden(own: Record<string, string>, typed: Record<string, string>): Record<string, string> {
  const names = new Set(Object.keys(typed).map((name) => name.toLowerCase()));
  const rest = Object.entries(own).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(rest), ...typed };
}
