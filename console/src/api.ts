// Requests to the API, and what comes back.

export interface Fault {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; field?: string; secondFactor?: unknown; [name: string]: unknown };
}

/** What the guard did to an operation: `Type.field` by level. */
export interface Access {
  masked: string[];
  denied: string[];
}

export interface Answer<T = Record<string, unknown>> {
  data?: T | null;
  errors?: Fault[];
  extensions?: { access?: Access; [name: string]: unknown };
}

export interface Operation {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** A file, and the variable it is: `variables.input.file`. */
export interface Upload {
  path: string;
  file: File;
}

const address = "/graphql";

/** Sends an operation. What is no answer of the API, a broken connection for example, is thrown. */
export async function send<T = Record<string, unknown>>(
  operation: Operation,
  headers: Record<string, string>,
  uploads: Upload[] = [],
): Promise<Answer<T>> {
  const response = await fetch(address, {
    method: "POST",
    credentials: "omit",
    headers: {
      Accept: "application/graphql-response+json",
      // A form cannot send it, so no other site's page can send what this does.
      ...(uploads.length > 0 ? { "GraphQL-Require-Preflight": "1" } : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: uploads.length > 0 ? multipart(operation, uploads) : JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer<T>;
  } catch {
    throw new Error(`The server answered ${response.status} with something that is no JSON.`);
  }
}

/** As the GraphQL multipart request specification has it. */
function multipart(operation: Operation, uploads: Upload[]): FormData {
  const body = new FormData();
  const variables = structuredClone(operation.variables ?? {});
  for (const { path } of uploads) place(variables, path.split(".").slice(1));
  body.append("operations", JSON.stringify({ ...operation, variables }));
  body.append("map", JSON.stringify(Object.fromEntries(uploads.map(({ path }, at) => [String(at), [path]]))));
  uploads.forEach(({ file }, at) => body.append(String(at), file, file.name));
  return body;
}

/** Puts `null` where a file belongs, making what leads there. */
function place(variables: Record<string, unknown>, path: string[]): void {
  let here: Record<string, unknown> = variables;
  path.forEach((name, at) => {
    const next = path[at + 1];
    if (next === undefined) here[name] = null;
    else {
      if (typeof here[name] !== "object" || here[name] === null) here[name] = /^\d+$/.test(next) ? [] : {};
      here = here[name] as Record<string, unknown>;
    }
  });
}

/** The first thing that went wrong, for people to read. */
export function faultOf(answer: Answer<unknown>): string | undefined {
  return answer.errors?.[0]?.message;
}
