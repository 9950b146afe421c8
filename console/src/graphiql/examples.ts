// What the tabs hold at first.

import { ask } from "../session";
import { settings } from "../settings";

export interface Example {
  query: string;
  variables?: string;
}

const CUSTOMERS = `# What your role sees of somebody.
# Run it: "Access", on the left,
# says what was masked or denied.
query Customers {
  customers(first: 1) {
    nodes {
      displayName
      email
      phone
    }
  }
}
`;

const ACCOUNT = `# A customer with services and invoices.
query Account($id: ID!) {
  customer(id: $id) {
    customerNumber
    displayName
    status
    addresses { city postalCode }
    subscriptions(first: 3) { nodes { status } }
    invoices(first: 3) { nodes { status } }
  }
}
`;

const LISTEN = `# Told when the customer is changed: run this here,
# and "Change" in another window.
subscription Listen($id: ID!) {
  customerChanged(id: $id) {
    id
    displayName
    email
    phone
  }
}
`;

const CHANGE = `# Who listens is told. The version is the one that
# was read: if somebody else was first, read again.
mutation Change($input: CustomerUpdateInput!) {
  customerUpdate(input: $input) {
    customer { id language version }
    userErrors { field code message }
  }
}
`;

const UPLOAD = `# Choose the file in "Files", the paper clip
# on the left.
mutation Upload($input: DocumentUploadInput!) {
  documentUpload(input: $input) {
    document { id type status }
    userErrors { field code message }
  }
}
`;

const RIGHTS = `# Who you are, and what you may do with a field.
query Rights {
  viewer {
    displayName
    role
    roles
    access(type: "Customer", field: "email") { read query write reveal }
  }
}
`;

/** Filled in with the first customer, but only where all are invented: what is at hand there may be run. */
export async function examples(): Promise<Example[]> {
  const { id, version } = settings.get().demo ? await first() : { id: "", version: 1 };
  const written = (variables: unknown) => JSON.stringify(variables, null, 2);
  return [
    { query: CUSTOMERS },
    { query: ACCOUNT, variables: written({ id }) },
    { query: LISTEN, variables: written({ id }) },
    { query: CHANGE, variables: written({ input: { id, version, language: "fr" } }) },
    { query: UPLOAD, variables: written({ input: { customerId: id, type: "CONTRACT", title: "Contract", file: null } }) },
    { query: RIGHTS },
  ];
}

interface Customer {
  id: string;
  version: number;
}

async function first(): Promise<Customer> {
  const answer = await ask<{ customers: { nodes: Customer[] } | null }>({
    query: "query FirstCustomer { customers(first: 1) { nodes { id version } } }",
  }).catch(() => undefined);
  return answer?.data?.customers?.nodes[0] ?? { id: "", version: 1 };
}
