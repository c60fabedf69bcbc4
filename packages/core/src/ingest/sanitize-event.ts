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
 * `redactText` works on whole texts, before any is cut, so that no half of a secret is left at a cut.
 */
export function sanitizeEvent(raw: unknown, redactText?: (text: string) => string): SanitizedEvent {
  const { value, changed } = cleanJson(raw, redactText);
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return { data: {}, sanitized: true };
  if (jsonFits(value, EVENT_LIMITS.inlineBytes)) return { data: value, sanitized: changed };
  return {
    data: previewJson(value, EVENT_LIMITS.inlineBytes, EVENT_LIMITS.previewBytes),
    sanitized: changed,
    oversize: JSON.stringify(value),
  };
}
