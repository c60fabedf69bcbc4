/**
 * Every spelling of a secret that is looked for: as it is, in base64 at each of the three offsets a longer
 * text can give it, URL-encoded, inside JSON, in hex, with CRLF, and the longer lines of one with many lines
 * (an engine shows a key file line by line, numbered).
 */
export function secretForms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = [secret, ...base64Forms(bytes), ...urlForms(secret), ...hexForms(bytes)];
  if (secret.includes("\n")) forms.push(secret.replaceAll(/\r?\n/g, "\r\n"), ...longLines(secret));
  // JSON within JSON is escaped twice, and that is how tool output reaches an event.
  return [...new Set([...forms, ...forms.flatMap(jsonForms)])];
}

function base64Forms(bytes: Uint8Array): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = new Uint8Array(offset + bytes.length);
    padded.set(bytes, offset);
    // Only the characters that the secret's own bits decide: its neighbours share the outer ones.
    const first = Math.ceil((offset * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    const standard = btoa(binaryString(padded)).slice(first, end);
    return [standard, standard.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function binaryString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function urlForms(secret: string): string[] {
  const component = encodeURIComponent(secret.toWellFormed());
  const strict = component.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [component, strict].flatMap((text) => [
    text,
    text.replaceAll("%20", "+"),
    text.replaceAll("%2F", "/"),
  ]);
  return forms.flatMap((text) => [text, text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function jsonForms(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const slashes = escaped.replaceAll("/", "\\/");
  return [escaped, slashes, ...[escaped, slashes].map(asciiOnly), JSON.stringify(escaped).slice(1, -1)];
}

function asciiOnly(text: string): string {
  return text.replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function hexForms(bytes: Uint8Array): string[] {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex, hex.toUpperCase()];
}

/** Shorter lines are too common to hide: `{`, `-----`, a word. */
const LONG_LINE = 16;

function longLines(secret: string): string[] {
  return secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= LONG_LINE);
}
