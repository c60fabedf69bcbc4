import { cleanJson } from "./clean-json.ts";
import { jsonFits } from "./json-size.ts";
import { previewJson } from "./preview-json.ts";
import type { JsonObject } from "./preview-json.ts";

/** The contract's numbers; core may not run its code, and a test holds the two together. */
export const EVENT_LIMITS = { inlineBytes: 64 * 1024, previewBytes: 8 * 1024 } as const;

export interface SanitizedEvent {
  data: JsonObject;
  sanitized: boolean;
  /** The whole data as JSON, to be stored elsewhere: `data` is only a preview of it. */
  oversize?: string;
}

/**
 * Makes what a sandbox sent as an event's data fit to be checked against its schema and stored. Never throws,
 * so one bad event never fails its batch. Call it before the schema: a schema may not survive what comes in.
 * `redact` sees whole texts, once they are clean and before any is cut, so that no half of a secret is left at a cut.
 */
export function sanitizeEvent(raw: unknown, redact: (data: JsonObject) => JsonObject = same): SanitizedEvent {
  const { value: clean, changed } = cleanJson(raw);
  if (clean === null || typeof clean !== "object" || Array.isArray(clean))
    return { data: {}, sanitized: true };
  const value = redact(clean);
  if (jsonFits(value, EVENT_LIMITS.inlineBytes)) return { data: value, sanitized: changed };
  return {
    data: previewJson(value, EVENT_LIMITS.inlineBytes, EVENT_LIMITS.previewBytes),
    sanitized: changed,
    oversize: JSON.stringify(value),
  };
}

function same(data: JsonObject): JsonObject {
  return data;
}
