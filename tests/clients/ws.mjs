// graphql-ws: everything on one socket. It has no files.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import * as world from './world.mjs';

await world.main(async () => {
  const client = createClient({ url: world.ws, webSocketImpl: WebSocket, connectionParams: world.connectionParams });
  const once = async (query, variables) => {
    for await (const { data, errors } of client.iterate({ query, variables })) {
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    }
    throw new Error('nothing was answered');
  };
  const variables = { id: world.customer };
  world.same((await once(world.QUERY, variables)).customer.id, world.customer, 'graphql-ws: query');
  const change = async (externalReference) => {
    const { version } = (await once(world.QUERY, variables)).customer;
    const input = { id: world.customer, externalReference, version };
    return (await once(world.MUTATION, { input })).customerUpdate;
  };
  world.same((await change('ws')).customer.externalReference, 'ws', 'graphql-ws: mutation');
  await world.heard(
    (next, error) =>
      client.subscribe(
        { query: world.SUBSCRIPTION, variables },
        { next: ({ data }) => next(data.customerChanged), error, complete: () => {} },
      ),
    change,
    'ws-live',
    'graphql-ws: subscription',
  );
});
