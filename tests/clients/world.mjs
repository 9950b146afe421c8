// What each client is given, and what it has to do: a query, a mutation, an upload where it has any, and a subscription that
// hears of the mutation.
import { File } from 'node:buffer';

const [, , given] = process.argv;
if (!given) {
  console.error('usage: node CLIENT.mjs \'{"http":URL,"ws":URL,"token":TOKEN,"customer":ID}\'');
  process.exit(2);
}
export const { http, ws, token, customer } = JSON.parse(given);

export const headers = { authorization: `Bearer ${token}`, 'graphql-require-preflight': '1' };
export const connectionParams = { Authorization: `Bearer ${token}` };

export const QUERY = 'query One($id: ID!) { customer(id: $id) { __typename id version externalReference } }';
export const MUTATION = `mutation Change($input: CustomerUpdateInput!) {
  customerUpdate(input: $input) { customer { __typename id version externalReference } userErrors { field message } }
}`;
export const UPLOAD = `mutation Send($input: DocumentUploadInput!) {
  documentUpload(input: $input) { document { __typename id title } userErrors { field message } }
}`;
export const SUBSCRIPTION =
  'subscription Hear($id: ID!) { customerChanged(id: $id) { __typename id version externalReference } }';

// One pixel.
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const picture = () => new File([Buffer.from(PNG, 'base64')], 'pixel.png', { type: 'image/png' });
export const uploadInput = (title) => ({
  customerId: customer,
  title,
  type: 'OTHER',
  file: picture(),
});

export const sent = (payload) => {
  if (!payload.document) throw new Error(JSON.stringify(payload.userErrors));
  return payload.document.title;
};

export function same(found, expected, what) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`);
  console.log(`ok ${what}`);
}

// Hears one event of what is changed meanwhile.
export async function heard(listen, change, expected, what) {
  let done;
  const event = new Promise((resolve, reject) => (done = { resolve, reject }));
  const stop = await listen(done.resolve, done.reject);
  const late = setTimeout(() => done.reject(new Error(`${what}: nothing was heard`)), 30_000);
  // The server says nothing when a subscription begins: it is changed until it is heard.
  let goes = true;
  const changing = (async () => {
    for (let number = 0; goes; number++) {
      await change(`${expected}-${number}`);
      await new Promise((next) => setTimeout(next, 100));
    }
  })();
  try {
    const { id, externalReference } = await event;
    same([id, externalReference.startsWith(expected)], [customer, true], what);
  } finally {
    goes = false;
    clearTimeout(late);
    await changing;
    await stop();
  }
}

export async function main(run) {
  try {
    await run();
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
