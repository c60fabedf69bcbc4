import { accountId } from "../../../lib/session.ts";
import { createStore } from "../../../lib/store.ts";
import type { Store } from "../../../lib/store.ts";
import type { LineComment } from "./comments.ts";

const stores = new Map<string, Store<readonly LineComment[]>>();
const keyOf = (taskId: string): string => `agency.review.${accountId()}.${taskId}`;

/** The comments on a run that were not sent yet: they outlast a reload. */
export function reviewOf(taskId: string): Store<readonly LineComment[]> {
  const key = keyOf(taskId);
  const known = stores.get(key);
  if (known !== undefined) return known;
  const store = createStore<readonly LineComment[]>(read(key));
  store.subscribe(() => keep(key, store.get()));
  stores.set(key, store);
  return store;
}

function read(key: string): LineComment[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isComment) : [];
  } catch {
    return [];
  }
}

/** Another version may have written it. */
function isComment(value: unknown): value is LineComment {
  if (typeof value !== "object" || value === null) return false;
  const { path, side, line, code, text } = value as Record<string, unknown>;
  const words = [path, code, text].every((word) => typeof word === "string");
  return words && typeof line === "number" && (side === "old" || side === "new");
}

function keep(key: string, comments: readonly LineComment[]): void {
  try {
    if (comments.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(comments));
  } catch {
    // Storage is full or closed: they live as long as the page.
  }
}
