// graphql-request, which has neither files nor subscriptions.
import { GraphQLClient } from 'graphql-request';
import * as world from './world.mjs';

await world.main(async () => {
  const client = new GraphQLClient(world.http, { headers: world.headers });
  const read = await client.request(world.QUERY, { id: world.customer });
  world.same(read.customer.id, world.customer, 'graphql-request: query');
  const { version } = read.customer;
  const input = { id: world.customer, externalReference: 'request', version };
  const { customerUpdate } = await client.request(world.MUTATION, { input });
  world.same(customerUpdate.customer.externalReference, 'request', 'graphql-request: mutation');
});
