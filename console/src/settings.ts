// What the server says of itself before anybody has signed in.

import { store } from "./store";

export interface DemoAccount {
  username: string;
  role: string;
}

export interface Settings {
  /** In the development profile, where the demo data are. */
  demo: { password: string | null; accounts: DemoAccount[] } | null;
}

export const settings = store<Settings>({ demo: null });

export async function loadSettings(): Promise<void> {
  try {
    const response = await fetch("/graphiql/settings.json", { credentials: "omit" });
    if (response.ok) settings.set((await response.json()) as Settings);
  } catch {
    // Without them there is the form.
  }
}
