import type { ListText } from "./network-form.ts";

/** What was typed of each list and not saved yet, by its name; of the one that is to be made under no name. */
export type TypedLists = ReadonlyMap<string, ListText>;

/** Null: it is saved, removed or left as it was. */
export function withTyped(before: TypedLists, name: string, text: ListText | null): TypedLists {
  const after = new Map(before);
  if (text === null) after.delete(name);
  else after.set(name, text);
  return after;
}
