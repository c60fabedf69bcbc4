import type { Json } from "@agency/contract";

export const MAX_JSON_DEPTH = 100;
/** A body of 16 MiB can hold 8 million values; walking a million takes about 100 ms. */
const MAX_JSON_VALUES = 1_000_000;

const TOO_DEEP = "[nested too deeply]";
const TOO_MANY = "[too many values]";

export interface CleanJson {
  value: Json;
  /** Something that cannot be stored was replaced. */
  changed: boolean;
}

/**
 * A copy of anything that JSON.parse can give, and of anything else, that PostgreSQL takes as jsonb and that
 * no reader stumbles over: no NUL, no lone surrogate, no number beyond a double, no endless depth, no key that
 * reaches a prototype. `mapText` sees every text and key once it is clean. Never throws.
 */
export function cleanJson(raw: unknown, mapText: (text: string) => string = (text) => text): CleanJson {
  const walk: Walk = { changed: false, values: 0, mapText };
  try {
    const value = clean(walk, raw, 0);
    return { value, changed: walk.changed };
  } catch {
    // Only what is not JSON can get here: a getter or a proxy that throws.
    return { value: null, changed: true };
  }
}

interface Walk {
  changed: boolean;
  values: number;
  readonly mapText: (text: string) => string;
}

function clean(walk: Walk, value: unknown, depth: number): Json {
  walk.values += 1;
  switch (typeof value) {
    case "string":
      return cleanText(walk, value);
    case "number":
      // Adding zero takes the sign from -0, which JSON would lose anyway.
      return Number.isFinite(value) ? value + 0 : replaced(walk, null);
    case "boolean":
      return value;
    case "bigint":
      return replaced(walk, String(value));
    case "object":
      return value === null ? null : cleanContainer(walk, value, depth + 1);
    default:
      return replaced(walk, null);
  }
}

function cleanText(walk: Walk, text: string): string {
  const stored = text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
  const wellFormed = stored.toWellFormed();
  if (wellFormed !== text) walk.changed = true;
  return walk.mapText(wellFormed);
}

function cleanContainer(walk: Walk, value: object, depth: number): Json {
  if (depth > MAX_JSON_DEPTH) return replaced(walk, TOO_DEEP);
  return Array.isArray(value) ? cleanArray(walk, value, depth) : cleanObject(walk, value, depth);
}

function cleanArray(walk: Walk, items: readonly unknown[], depth: number): Json[] {
  const out: Json[] = [];
  for (const item of items) {
    if (walk.values >= MAX_JSON_VALUES) return replaced(walk, [...out, TOO_MANY]);
    out.push(clean(walk, item, depth));
  }
  return out;
}

function cleanObject(walk: Walk, value: object, depth: number): Json {
  const out: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (walk.values >= MAX_JSON_VALUES) return replaced(walk, out);
    out[cleanKey(walk, key)] = clean(walk, item, depth);
  }
  return out;
}

function cleanKey(walk: Walk, key: string): string {
  const name = cleanText(walk, key);
  return name === "__proto__" ? replaced(walk, "[__proto__]") : name;
}

function replaced<T>(walk: Walk, value: T): T {
  walk.changed = true;
  return value;
}
