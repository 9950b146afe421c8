// Which page is shown.

import { store } from "./store";

export type Route = "graphiql" | "access";

export const titles: Record<Route, string> = { graphiql: "GraphiQL", access: "Access matrix" };

const here = (): Route => (location.pathname.startsWith("/access") ? "access" : "graphiql");

export const route = store<Route>(here());

export function navigate(to: Route): void {
  if (to !== here()) history.pushState(null, "", `/${to}`);
  route.set(to);
}

addEventListener("popstate", () => route.set(here()));
