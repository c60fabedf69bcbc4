const MOST_LINES = 20;

/** The end of a server log for a person: of a structured line its sentence, of any other the line. */
export function logTail(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-MOST_LINES).map(sentenceOf);
}

function sentenceOf(line: string): string {
  const entry = parseObject(line);
  if (entry === null || !("msg" in entry) || typeof entry.msg !== "string") return line;
  const next = "next" in entry && typeof entry.next === "string" ? ` ${entry.next}` : "";
  return `${entry.msg}${causeOf(entry)}${next}`;
}

function causeOf(entry: object): string {
  if (!("err" in entry) || typeof entry.err !== "object" || entry.err === null) return "";
  return "message" in entry.err && typeof entry.err.message === "string" ? `: ${entry.err.message}` : "";
}

function parseObject(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
