// Apollo Client, with its own link for subscriptions and apollo-upload-client's for files.
import { ApolloClient, InMemoryCache, gql, split } from '@apollo/client/core/index.js';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { getMainDefinition } from '@apollo/client/utilities/index.js';
import createUploadLink from 'apollo-upload-client/createUploadLink.mjs';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import * as world from './world.mjs';

await world.main(async () => {
  const socket = createClient({ url: world.ws, webSocketImpl: WebSocket, connectionParams: world.connectionParams });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: split(
      ({ query }) => getMainDefinition(query).operation === 'subscription',
      new GraphQLWsLink(socket),
      createUploadLink({ uri: world.http, headers: world.headers }),
    ),
  });
  const variables = { id: world.customer };
  const look = () => client.query({ query: gql(world.QUERY), variables, fetchPolicy: 'network-only' });
  const read = await look();
  world.same(read.data.customer.id, world.customer, 'apollo: query');
  const change = async (externalReference) => {
    const { version } = (await look()).data.customer;
    const input = { id: world.customer, externalReference, version };
    const { data } = await client.mutate({ mutation: gql(world.MUTATION), variables: { input } });
    return data.customerUpdate;
  };
  world.same((await change('apollo')).customer.externalReference, 'apollo', 'apollo: mutation');
  const input = world.uploadInput('By Apollo');
  const sent = await client.mutate({ mutation: gql(world.UPLOAD), variables: { input } });
  world.same(world.sent(sent.data.documentUpload), 'By Apollo', 'apollo: upload');
  await world.heard(
    (next, error) => {
      const observable = client.subscribe({ query: gql(world.SUBSCRIPTION), variables });
      const subscription = observable.subscribe({ next: ({ data }) => next(data.customerChanged), error });
      return () => subscription.unsubscribe();
    },
    change,
    'apollo-live',
    'apollo: subscription',
  );
});
