// The server audits of graphql-http, as somebody who is signed in: node audits.mjs '{"http":URL,"token":TOKEN}'
import { serverAudits } from 'graphql-http';

// What fails, and why. An audit that is named here and passes is an error, too.
const KNOWN = {};

const [, , given] = process.argv;
if (!given) {
  console.error('usage: node audits.mjs \'{"http":URL,"token":TOKEN}\'');
  process.exit(2);
}
const { http: url, token } = JSON.parse(given);
// Nothing of the schema is told to who is not known, and some audits ask for it.
const fetchFn = (address, { headers, ...options } = {}) =>
  fetch(address, { ...options, headers: { ...headers, authorization: `Bearer ${token}` } });
const audits = serverAudits({ url, fetchFn });
let wrong = 0;
for (const audit of audits) {
  const { status, reason } = await audit.fn();
  const known = KNOWN[audit.id];
  if ((status === 'ok') === (known === undefined)) {
    console.log(`${status.padEnd(6)} ${audit.id} ${audit.name}`);
    continue;
  }
  wrong += 1;
  console.log(`WRONG  ${audit.id} ${audit.name}: ${status === 'ok' ? 'it passes: take it off the list' : reason}`);
}
console.log(`${audits.length} audits, ${Object.keys(KNOWN).length} known to fail, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
