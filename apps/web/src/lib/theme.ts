import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "agency.theme";
export const theme: Store<Theme> = createStore<Theme>(stored());

/** `theme.js` has set the attribute before the first paint; here it changes. */
export function chooseTheme(chosen: Theme): void {
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Storage is closed to this page: the choice lasts until it is left.
  }
  theme.set(chosen);
}

export function nextTheme(): void {
  chooseTheme(THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? "system");
}

function stored(): Theme {
  const attribute = document.documentElement.dataset["theme"];
  return THEMES.find((known) => known === attribute) ?? "system";
}
