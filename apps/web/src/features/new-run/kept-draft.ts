import { isRecord } from "./base.ts";
import { EMPTY } from "./draft.ts";
import type { Draft } from "./draft.ts";

const KEY = "agency.new-run";

/** What was typed before a reload. Fields of another version are left out. */
export function readDraft(): Draft {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (!isRecord(value)) return EMPTY;
    const fits = Object.entries(value).filter(
      ([key, one]) => Object.hasOwn(EMPTY, key) && sameType(key, one),
    );
    return { ...EMPTY, ...Object.fromEntries(fits) };
  } catch {
    return EMPTY;
  }
}

function sameType(key: string, value: unknown): boolean {
  const empty: unknown = Reflect.get(EMPTY, key);
  return isRecord(empty) ? isRecord(value) : typeof value === typeof empty;
}

/** Values may be secrets: they are typed again after a reload. */
function withoutValues(draft: Draft): Draft {
  const names = (values: object) => Object.fromEntries(Object.keys(values).map((name) => [name, ""]));
  return { ...draft, env: names(draft.env), secrets: names(draft.secrets) };
}

/** False: storage is full or closed, and the draft lives as long as the page. */
export function keepDraft(draft: Draft | null): boolean {
  try {
    if (draft === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(withoutValues(draft)));
    return true;
  } catch {
    return false;
  }
}
