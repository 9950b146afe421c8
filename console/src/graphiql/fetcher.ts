// How GraphiQL asks: over HTTP, with files as multipart, and for subscriptions over a socket.

import { type Fetcher, type FetcherParams, isSubscriptionWithName } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import type { Answer, Operation } from "../api";
import { type Session, ask, credentials, overridden, session } from "../session";
import { withClassification } from "./introspection";
import { last } from "./last";
import { chosen, pathsIn } from "./uploads";

/** A new one for each session: a new one makes GraphiQL fetch the schema again. */
export function fetcherFor(who: Session): Fetcher {
  return (params, options) => {
    const headers = (options?.headers ?? {}) as Record<string, string>;
    if (params.operationName === "IntrospectionQuery") return ask(params, headers).then(withClassification);
    const document = options?.documentAST;
    if (document && isSubscriptionWithName(document, params.operationName ?? undefined)) {
      return subscribe(who, operationOf(params), headers) as AsyncGenerator<never>;
    }
    return run(who, params, headers);
  };
}

const operationOf = ({ query, variables, operationName }: FetcherParams): Operation => ({
  query,
  variables: (variables ?? {}) as Record<string, unknown>,
  ...(operationName ? { operationName } : {}),
});

async function run(who: Session, params: FetcherParams, headers: Record<string, string>) {
  const operation = operationOf(params);
  const uploads = chosen(pathsIn(operation));
  const answer = await ask(operation, headers, uploads);
  last.set({ operation, answer, who });
  return answer as never;
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
