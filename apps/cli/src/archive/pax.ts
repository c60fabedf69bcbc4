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
    const record = recordAt(text, at);
    if (record === null || !take(records, record)) return null;
    at = record.end;
  }
  return records;
}

interface PaxRecord {
  key: string;
  value: ByteString;
  end: number;
}

function recordAt(text: string, at: number): PaxRecord | null {
  const length = /^(\d{1,6}) /.exec(text.slice(at, at + 7))?.[1];
  if (length === undefined) return null;
  const end = at + Number(length);
  const record = text.slice(at + length.length + 1, end);
  const equals = record.indexOf("=");
  if (end > text.length || !record.endsWith("\n") || equals === -1) return null;
  return { key: record.slice(0, equals), value: record.slice(equals + 1, -1), end };
}

function take(records: PaxRecords, { key, value }: PaxRecord): boolean {
  if (key === "path" || key === "linkpath") records[key] = value;
  else if (key.startsWith("GNU.sparse.")) records.sparse = true;
  else if (key === "size") records.size = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  return !Number.isNaN(records.size ?? 0);
}
