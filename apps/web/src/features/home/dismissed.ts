const KEY = "agency.dismissed";
const KEPT = 200;

/** Failures somebody has seen; of this browser only. */
export function readDismissed(): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(value) ? value.filter((id) => typeof id === "string") : []);
  } catch {
    return new Set();
  }
}

export function saveDismissed(ids: ReadonlySet<string>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([...ids].slice(-KEPT)));
  } catch {
    // Storage is full or closed: they come back with the next visit.
  }
}
