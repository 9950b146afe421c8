// Light or dark: as the system has it, until somebody chooses.

import { store } from "./store";

export type Theme = "system" | "light" | "dark";

const KEY = "custodian.theme";
const isTheme = (text: string | null): text is Theme => text === "light" || text === "dark";
const stored = localStorage.getItem(KEY);

export const theme = store<Theme>(isTheme(stored) ? stored : "system");

export function choose(next: Theme): void {
  if (next === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  theme.set(next);
  apply();
}

export function apply(): void {
  const root = document.documentElement;
  if (theme.get() === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.get();
}
