import { accountId } from "../../lib/session.ts";
import { isRecord } from "./base.ts";
import { EMPTY } from "./draft.ts";
import type { Draft } from "./draft.ts";

/** A form as it was left. */
export interface Kept {
  draft: Draft;
  /** The words that were brought along to it; brought again, they are no news. */
  given: string;
  /** Words it held before others were brought along, until they are used or not wanted. */
  earlier: string;
}

/** Forms that went on from other runs come and go; each may hold whole files. */
const MOST = 8;
const keyOf = (): string => `agency.new-run.${accountId()}`;

/** Each way to begin a run is a form of its own. */
export function placeOf({ like, checkpoint }: { like?: string; checkpoint?: number }): string {
  return like === undefined ? "new" : `${like} ${checkpoint ?? "again"}`;
}

/** What was left wins over what another run says. Words that are news take the place of those left, which stay beside. */
export function begun(fresh: Draft, given: string | undefined, kept: Kept | null): Kept {
  if (kept === null) return { draft: fresh, given: given ?? "", earlier: "" };
  if (given === undefined || given === kept.given) return kept;
  const before = [kept.draft.prompt.trim(), kept.earlier].filter((words) => words !== "").join("\n\n");
  return {
    draft: { ...kept.draft, prompt: fresh.prompt },
    given,
    earlier: unused(before, fresh.prompt),
  };
}

export function unused(earlier: string, prompt: string): string {
  return prompt.includes(earlier) ? "" : earlier;
}

/** What was typed before a reload. */
export function readKept(place: string): Kept | null {
  try {
    return keptAt(localStorage.getItem(keyOf()), place);
  } catch {
    return null;
  }
}

/** False: storage is full or closed, and the draft lives as long as the page. Null: it is no longer needed. */
export function keep(place: string, kept: Kept | null): boolean {
  try {
    localStorage.setItem(keyOf(), withKept(localStorage.getItem(keyOf()), place, kept));
    return true;
  } catch {
    return false;
  }
}

export function keptAt(stored: string | null, place: string): Kept | null {
  const found = entriesOf(stored).find(([name]) => name === place)?.[1];
  if (!isRecord(found)) return null;
  const { draft, given, earlier } = found as Partial<Record<keyof Kept, unknown>>;
  return { draft: draftIn(draft), given: words(given), earlier: words(earlier) };
}

export function withKept(stored: string | null, place: string, kept: Kept | null): string {
  const others = entriesOf(stored).filter(([name]) => name !== place);
  const mine = kept === null ? [] : [[place, { ...kept, draft: withoutValues(kept.draft) }]];
  return JSON.stringify([...others, ...mine].slice(-MOST));
}

/** Another version may have written it. */
function entriesOf(stored: string | null): [unknown, unknown][] {
  try {
    const value: unknown = JSON.parse(stored ?? "[]");
    if (!Array.isArray(value)) return [];
    return value.filter((entry) => Array.isArray(entry)).map(([name, kept]) => [name, kept]);
  } catch {
    return [];
  }
}

/** Fields of another version are left out. */
function draftIn(value: unknown): Draft {
  const fits = Object.entries(isRecord(value) ? value : {}).filter(
    ([key, one]) => Object.hasOwn(EMPTY, key) && sameType(key, one),
  );
  return { ...EMPTY, ...Object.fromEntries(fits) };
}

function sameType(key: string, value: unknown): boolean {
  // Of another run it may not be known.
  if (key === "questions") return value === null || typeof value === "boolean";
  const empty: unknown = Reflect.get(EMPTY, key);
  return isRecord(empty) ? isRecord(value) : typeof value === typeof empty;
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Values may be secrets: they are typed again after a reload. */
function withoutValues(draft: Draft): Draft {
  const names = (values: object) => Object.fromEntries(Object.keys(values).map((name) => [name, ""]));
  return { ...draft, env: names(draft.env), secrets: names(draft.secrets) };
}
