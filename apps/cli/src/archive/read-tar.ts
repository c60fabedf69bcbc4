import { createByteReader } from "./byte-reader.ts";
import type { ByteReader } from "./byte-reader.ts";
import { ArchiveError } from "./archive-error.ts";
import { parsePax } from "./pax.ts";
import type { PaxRecords } from "./pax.ts";
import { BLOCK, parseHeader } from "./tar-header.ts";
import type { ByteString, TarHeader } from "./tar-header.ts";

type EntryKind =
  | "file"
  | "folder"
  | "link"
  | "hard link"
  | "sparse file"
  | "device"
  | "pipe"
  | "unknown kind";

export interface TarEntry {
  name: ByteString;
  kind: EntryKind;
  size: number;
  mode: number;
  target: ByteString;
  /** The content, to be read before the next entry is asked for; what is left of it is passed over. */
  body: AsyncIterable<Buffer>;
}

const KINDS: Record<string, EntryKind> = {
  "0": "file",
  "1": "hard link",
  "2": "link",
  "3": "device",
  "4": "device",
  "5": "folder",
  "6": "pipe",
  "7": "file",
  S: "sparse file",
};

/** Longest name or extended header; a path on disk ends at 4,096 bytes. */
const MAX_EXTENSION_BYTES = 64 * 1024;

/** Every entry of a tar as it is told, nothing judged. Throws ArchiveError for what is no tar. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = createByteReader(source);
  let extension: Extension = {};
  for (;;) {
    const block = await reader.read(BLOCK);
    const parsed = parseHeader(block);
    if (parsed.kind === "end") return;
    if (parsed.kind === "bad") throw new ArchiveError(parsed.why);
    const { header } = parsed;
    if ("LKxg".includes(header.type)) {
      extension = await readExtension(reader, header, extension);
      continue;
    }
    const entry = toEntry(header, extension);
    extension = {};
    const left = { bytes: entry.size };
    yield { ...entry, body: contentOf(reader, left) };
    await reader.skip(left.bytes + paddingOf(entry.size));
  }
}

interface Extension {
  longName?: ByteString;
  longLink?: ByteString;
  pax?: PaxRecords;
}

async function readExtension(reader: ByteReader, header: TarHeader, before: Extension): Promise<Extension> {
  if (header.size > MAX_EXTENSION_BYTES)
    throw new ArchiveError("a name in it is longer than any path can be");
  const bytes = await reader.read(header.size);
  await reader.skip(paddingOf(header.size));
  const text = bytes.toString("latin1").replace(/\0+$/, "");
  if (header.type === "L") return { ...before, longName: text };
  if (header.type === "K") return { ...before, longLink: text };
  const pax = parsePax(bytes);
  if (pax === null) throw new ArchiveError("an extended header in it is damaged");
  // What holds for all entries (comments, times) never holds for names and sizes in an honest archive.
  if (header.type === "g" && (pax.path ?? pax.linkpath ?? pax.size) !== undefined) {
    throw new ArchiveError("it gives one name or size to all its entries");
  }
  return header.type === "g" ? before : { ...before, pax };
}

function toEntry(header: TarHeader, { longName, longLink, pax }: Extension): Omit<TarEntry, "body"> {
  const name = pax?.path ?? longName ?? header.name;
  const kind = pax?.sparse === true ? "sparse file" : kindOf(header, name);
  return {
    name,
    kind,
    size: hasContent(header.type) ? (pax?.size ?? header.size) : 0,
    mode: header.mode,
    target: pax?.linkpath ?? longLink ?? header.linkName,
  };
}

/** What links and folders say of their size means nothing: tar itself passes over it. */
const hasContent = (type: string): boolean => !"125".includes(type);

/** The oldest format knows folders by their name only. */
function kindOf({ type }: TarHeader, name: ByteString): EntryKind {
  const told = KINDS[type] ?? "unknown kind";
  return told === "file" && name.endsWith("/") ? "folder" : told;
}

async function* contentOf(reader: ByteReader, left: { bytes: number }): AsyncGenerator<Buffer> {
  while (left.bytes > 0) {
    const piece = await reader.some(left.bytes);
    left.bytes -= piece.length;
    yield piece;
  }
}

const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;
