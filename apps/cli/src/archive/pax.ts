import type { ByteString } from "./tar-header.ts";

export interface PaxRecords {
  path?: ByteString;
  linkpath?: ByteString;
  size?: number;
  /** The content is not laid out as its size says. */
  sparse: boolean;
}

/** The records `length key=value\n` of an extended header; null when they are not well formed. */
export function parsePax(bytes: Buffer): PaxRecords | null {
  const records: PaxRecords = { sparse: false };
  const text = bytes.toString("latin1");
  for (let at = 0; at < text.length;) {
    const blank = text.indexOf(" ", at);
    const length = /^\d{1,6}$/.exec(text.slice(at, blank))?.[0];
    const end = at + Number(length ?? 0);
    const equals = text.indexOf("=", blank);
    if (blank === -1 || length === undefined || end > text.length || text[end - 1] !== "\n") return null;
    if (equals === -1 || equals >= end) return null;
    const key = text.slice(blank + 1, equals);
    const value = text.slice(equals + 1, end - 1);
    if (key === "path" || key === "linkpath") records[key] = value;
    else if (key.startsWith("GNU.sparse.")) records.sparse = true;
    else if (key === "size") {
      if (!/^\d{1,15}$/.test(value)) return null;
      records.size = Number(value);
    }
    at = end;
  }
  return records;
}
