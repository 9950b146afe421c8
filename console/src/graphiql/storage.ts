// What GraphiQL keeps: in this tab, until it is closed or somebody signs out. Headers are not kept, though its history
// would: typed credentials are no less secret than those of the session.

import type { Storage } from "@graphiql/toolkit";

const withHeaders = /^graphiql:(queries|favorites|tabState)$/;

function withoutHeaders(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, (key, value: unknown) => (key === "headers" ? undefined : value)));
  } catch {
    return "";
  }
}

export const storage: Storage = {
  get length() {
    return sessionStorage.length;
  },
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, value) => sessionStorage.setItem(key, withHeaders.test(key) ? withoutHeaders(value) : value),
  removeItem: (key) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
};
