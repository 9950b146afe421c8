// How GraphiQL asks: over HTTP, with files as multipart, and for subscriptions over a socket.

import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import type { Answer, Operation } from "../api";
import { type Session, ask, credentials, overridden, session } from "../session";
import { withClassification } from "./introspection";
import { last } from "./last";
import { kindOf, named } from "./places";
import { chosen, pathsIn } from "./uploads";

/** A new one for each session: a new one makes GraphiQL fetch the schema again. */
export function fetcherFor(who: Session): Fetcher {
  return (params, options) => {
    const headers = (options?.headers ?? {}) as Record<string, string>;
    const operation = operationOf(params);
    // Answers are as the API gives them; the library's types tell of errors as its own classes.
    if (params.operationName === "IntrospectionQuery") return ask(operation, headers).then(withClassification) as never;
    if (kindOf(operation) === "subscription") return subscribe(who, operation, headers) as never;
    return run(who, operation, headers) as never;
  };
}

const operationOf = ({ query, variables, operationName }: FetcherParams): Operation =>
  named({ query, variables: (variables ?? {}) as Record<string, unknown>, operationName: operationName ?? null });

async function run(who: Session, operation: Operation, headers: Record<string, string>): Promise<Answer> {
  const uploads = chosen(pathsIn(operation));
  const answer = await ask(operation, headers, uploads);
  last.set({ operation, answer, who });
  return answer;
}

/** Events until either side ends it. A socket ends with its token: then another goes on with the next. */
async function* subscribe(who: Session, operation: Operation, headers: Record<string, string>) {
  for (;;) {
    const own = await credentials();
    const client = createClient({ url: socketAddress(), retryAttempts: 0, connectionParams: overridden(own, headers) });
    try {
      for await (const event of client.iterate(operation as never)) {
        last.set({ operation, answer: event as Answer, who });
        yield event;
      }
      return;
    } catch (error) {
      if (!(error instanceof CloseEvent)) throw error;
      const goesOn = error.code === 4401 && session.get().id === who.id;
      if (!goesOn || (await credentials())["Authorization"] === own["Authorization"]) {
        throw new Error(`The socket was closed (${error.code})${error.reason && `: ${error.reason}`}`);
      }
    } finally {
      void client.dispose();
    }
  }
}

function socketAddress(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/ws`;
}
