// urql's core, which sends files by itself.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import * as world from './world.mjs';

await world.main(async () => {
  const socket = createClient({ url: world.ws, webSocketImpl: WebSocket, connectionParams: world.connectionParams });
  const client = new Client({
    url: world.http,
    preferGetMethod: false,
    fetchOptions: { headers: world.headers },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables, operationName }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables, operationName }, sink) }),
        }),
      }),
    ],
  });
  const done = ({ data, error }) => {
    if (error) throw error;
    return data;
  };
  const variables = { id: world.customer };
  const look = async () => done(await client.query(world.QUERY, variables).toPromise());
  const read = await look();
  world.same(read.customer.id, world.customer, 'urql: query');
  const change = async (externalReference) => {
    const { version } = (await look()).customer;
    const input = { id: world.customer, externalReference, version };
    return done(await client.mutation(world.MUTATION, { input }).toPromise()).customerUpdate;
  };
  world.same((await change('urql')).customer.externalReference, 'urql', 'urql: mutation');
  const input = world.uploadInput('By urql');
  const sent = done(await client.mutation(world.UPLOAD, { input }).toPromise());
  world.same(world.sent(sent.documentUpload), 'By urql', 'urql: upload');
  await world.heard(
    (next, failed) => {
      const subscription = client
        .subscription(world.SUBSCRIPTION, variables)
        .subscribe(({ data, error }) => (error ? failed(error) : next(data.customerChanged)));
      return () => subscription.unsubscribe();
    },
    change,
    'urql-live',
    'urql: subscription',
  );
});
