import type { Json } from "@agency/contract";
import { cleanJson } from "../ingest/clean-json.ts";
import { NOTHING_BEFORE, redactPiece } from "./redact-piece.ts";
import type { PieceRedaction } from "./redact-piece.ts";
import { secretForms } from "./secret-forms.ts";
import { createSecretMatcher, MIN_SECRET_LENGTH } from "./secret-matcher.ts";
import type { SecretMatcher } from "./secret-matcher.ts";

export interface Secret {
  readonly name: string;
  readonly value: string;
}

export interface RedactionStream {
  /** What is certain now; the beginning of what may become a secret is kept back. */
  push(chunk: string): string;
  end(): string;
}

/** Hides secrets by value. Hygiene, not a boundary: who holds a secret can always disguise it. */
export interface Redactor {
  redactText: (text: string) => string;
  redactJson: (json: Json) => Json;
  /** For text that comes in pieces: the same output wherever it was cut. */
  stream: () => RedactionStream;
  /** For a text whose pieces are stored as they come, so that nothing can be kept back. */
  piece: PieceRedaction;
}

export interface RedactorResult {
  redactor: Redactor;
  /** Secrets too short to hide: they would blot out ordinary text. */
  refused: { name: string; reason: "too_short" }[];
}

export function createRedactor(secrets: readonly Secret[]): RedactorResult {
  const trimmed = secrets.map(({ name, value }) => ({ name, value: value.trim().toWellFormed() }));
  const kept = trimmed.filter(({ value }) => value.length >= MIN_SECRET_LENGTH);
  const refused = trimmed
    .filter(({ value }) => value.length < MIN_SECRET_LENGTH)
    .map(({ name }) => ({ name, reason: "too_short" as const }));
  const markers = markersOf(kept);
  if (markers.size === 0) return { redactor: nothingToHide, refused };
  const matcher = createSecretMatcher(markers);
  const redactText = (text: string) =>
    text.length < MIN_SECRET_LENGTH ? text : hide(matcher, { text, covered: 0 }, text.length).shown;
  return {
    redactor: {
      redactText,
      redactJson: (json) => cleanJson(json, redactText).value,
      stream: () => createStream(matcher),
      piece: (text, before, joints) => redactPiece(matcher, text, before, joints),
    },
    refused,
  };
}

export { MIN_SECRET_LENGTH };

/** Shorter than any secret, so it can hold none; names are shown only where they give nothing away. */
const PLAIN_MARKER = "[***]";

function markersOf(secrets: readonly Secret[]): Map<string, string> {
  const forms = secrets.map(({ name, value }) => ({ name, forms: secretForms(value) }));
  const all = forms.flatMap((secret) => secret.forms);
  const markers = new Map<string, string>();
  for (const secret of forms) {
    const named = `[redacted:${secret.name}]`;
    const marker = all.some((form) => named.includes(form)) ? PLAIN_MARKER : named;
    for (const form of secret.forms) if (!markers.has(form)) markers.set(form, marker);
  }
  return markers;
}

const nothingToHide: Redactor = {
  redactText: (text) => text,
  redactJson: (json) => json,
  stream: () => ({ push: (chunk) => chunk, end: () => "" }),
  piece: (text) => ({ shown: text, after: NOTHING_BEFORE }),
};

/** `covered` characters at the start of the text belong to a secret whose marker is already out. */
interface Held {
  text: string;
  covered: number;
}

function hide(matcher: SecretMatcher, { text, covered }: Held, upTo: number): { shown: string; held: Held } {
  let shown = "";
  let at = 0;
  let reach = 0;
  for (const range of matcher.ranges(text, covered)) {
    if (range.start >= Math.max(upTo, covered)) break;
    shown += text.slice(at, range.start) + range.marker;
    at = Math.min(range.end, upTo);
    reach = range.end;
  }
  shown += text.slice(at, upTo);
  return { shown, held: { text: text.slice(upTo), covered: Math.max(0, reach - upTo) } };
}

function createStream(matcher: SecretMatcher): RedactionStream {
  let held: Held = { text: "", covered: 0 };

  function release(text: string, upTo: number): string {
    const result = hide(matcher, { text, covered: held.covered }, upTo);
    held = result.held;
    return result.shown;
  }

  return {
    push(chunk) {
      const text = held.text + chunk;
      return release(text, matcher.pendingFrom(text));
    },
    end() {
      return release(held.text, held.text.length);
    },
  };
}
