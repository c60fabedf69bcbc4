import type { Json, RunnerEventBody } from "@agency/contract";

/** The control plane keeps a preview and a blob of anything over 64 KB; beyond this nobody reads it. */
const MAX_JSON_CHARS = 1024 * 1024;
const KEPT_CHARS = 32 * 1024;

/** An event as the JSON lines of the journal. Long output becomes several log events and loses nothing. */
export function toLines(body: RunnerEventBody, at: string): string[] {
  if (body.type === "log" && body.data.text.length > KEPT_CHARS) {
    const { data } = body;
    return cutText(data.text, KEPT_CHARS).map((text) => print(at, "log", { ...data, text }));
  }
  const line = print(at, body.type, body.data);
  return [line.length <= MAX_JSON_CHARS ? line : printShort(body, at, line.length)];
}

function print(at: string, type: string, data: object): string {
  return JSON.stringify({ at, type, data });
}

function printShort(body: RunnerEventBody, at: string, chars: number): string {
  const line = print(at, body.type, shortenObject(body.data));
  if (line.length <= MAX_JSON_CHARS) return line;
  const text = `An event of type ${body.type} was left out: it has ${chars} characters.`;
  return print(at, "notice", { level: "warn", text });
}

function shortenObject(data: object): object {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, shorten(value as Json)]));
}

function shorten(value: Json): Json {
  if (typeof value === "string") return shortenText(value);
  if (Array.isArray(value)) return value.map(shorten);
  return value !== null && typeof value === "object" ? (shortenObject(value) as Json) : value;
}

function shortenText(text: string): string {
  if (text.length <= KEPT_CHARS) return text;
  return `${cutText(text, KEPT_CHARS)[0] ?? ""}… [${text.length - KEPT_CHARS} more characters]`;
}

/** Pieces of at most `most` characters that never part a surrogate pair. */
export function cutText(text: string, most: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + most, text.length);
    const code = text.charCodeAt(end - 1);
    if (end < text.length && code >= 0xd8_00 && code <= 0xdb_ff) end -= 1;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
