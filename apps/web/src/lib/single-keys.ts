import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

const KEY = "agency.single-keys";

/** Off for whoever speaks to the computer or hits keys by accident: every sound would be a command. */
export const singleKeys: Store<boolean> = createStore(stored());

export function switchSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // Storage is closed to this page: the choice lasts until it is left.
  }
  singleKeys.set(on);
}

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
