const SUBJECT_CHARS = 72;
const BODY_CHARS = 72;
const MIN_WORDS = 2;

export interface MessageParts {
  /** The agent's last words. */
  readonly summary: string;
  /** The task's. */
  readonly title: string;
  readonly engineTitle: string;
}

/** A commit message out of the work: what the agent said it did, else what it was asked to do. */
export function commitMessage({ summary, title, engineTitle }: MessageParts): string {
  const text = plain(summary);
  const subject = subjectOf(text) ?? (shorten(oneLine(title)) || "Changes by an agent");
  const body = wrap(withoutSubject(text, subject));
  const trailer = `Co-authored-by: ${oneLine(engineTitle).replaceAll(/[<>]/g, "")} <noreply@agency.invalid>`;
  return [subject, body, trailer].filter((part) => part !== "").join("\n\n");
}

/** The first sentence, when it can stand as the first line of a commit. */
function subjectOf(text: string): string | null {
  const line = text.split("\n").find((one) => one.trim() !== "") ?? "";
  const words = line
    .replaceAll(/[`*_]{1,3}/g, "")
    .replace(/^\s*(?:#{1,6}|[-*>]|\d+[.)])\s+/, "")
    .trim();
  const sentence = /^.*?[.!?](?=\s|$)/.exec(words)?.[0] ?? words;
  const subject = sentence.replace(/[.:;,]+$/, "").trim();
  const isSensible =
    subject.length <= SUBJECT_CHARS &&
    subject.split(/\s+/).length >= MIN_WORDS &&
    /^[\p{L}\p{N}]/u.test(subject) &&
    !subject.endsWith("?");
  return isSensible ? subject : null;
}

function withoutSubject(text: string, subject: string): string {
  const rest = text.trim();
  if (!rest.startsWith(subject)) return rest;
  return rest
    .slice(subject.length)
    .replace(/^[.:;,!]+/, "")
    .trim();
}

function oneLine(text: string): string {
  return plain(text).replaceAll(/\s+/g, " ").trim();
}

/** No control characters, and no line that git or a code host would read as something else. */
function plain(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, "")
    .replaceAll(/^(?=\s*(?:[A-Za-z-]+-by|Change-Id)\s*:)/gim, "> ");
}

function shorten(line: string): string {
  if (line.length <= SUBJECT_CHARS) return line;
  // Not through the middle of a character.
  const room = line.slice(0, SUBJECT_CHARS - 1).replace(/[\uD800-\uDBFF]$/, "");
  return `${room.replace(/\s+\S*$/, "") || room}…`;
}

/** Paragraphs are filled; what is indented, listed or fenced keeps its lines. */
function wrap(text: string): string {
  return text
    .split("\n")
    .map(wrapLine)
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

function wrapLine(line: string): string {
  if (line.length <= BODY_CHARS || /^\s{4}/.test(line)) return line.trimEnd();
  const indent = /^\s*(?:[-*]|\d+[.)])\s+/.exec(line)?.[0].length ?? 0;
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/\s+/)) {
    const next = current === "" ? word : `${current} ${word}`;
    if (current.trim() !== "" && next.length > BODY_CHARS) {
      lines.push(current);
      current = " ".repeat(indent) + word;
    } else current = next;
  }
  return [...lines, current].join("\n");
}
