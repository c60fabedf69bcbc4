import { isUtf8 } from "node:buffer";

export const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** What eleven octal digits can say. */
const MOST_BYTES = 0o77777777777;
/** Nothing in an archive may come out setuid, setgid or sticky. */
const MODE_BITS = 0o777;

export interface TarEntry {
  /** Bytes as the file system has them: a name need not be UTF-8. */
  readonly path: Buffer;
  readonly kind: "file" | "link" | "folder";
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of the content that follows the header. */
  readonly bytes: number;
  readonly target?: Buffer;
}

const TYPE_OF = { file: "0", link: "2", folder: "5" } as const;

/** The header of one entry: ustar, after a pax header for what does not fit into it. Owners are left out. */
export function tarHeader(entry: TarEntry): Buffer {
  const path = entry.kind === "folder" ? Buffer.concat([entry.path, Buffer.from("/")]) : entry.path;
  const target = entry.target ?? Buffer.alloc(0);
  const placed = placeName(path);
  const records = [
    ...(placed === null ? [paxRecord("path", path)] : []),
    ...(target.length > NAME_BYTES ? [paxRecord("linkpath", target)] : []),
    ...(entry.bytes > MOST_BYTES ? [paxRecord("size", Buffer.from(String(entry.bytes)))] : []),
  ];
  const own = ustar({
    name: placed?.name ?? path.subarray(0, NAME_BYTES),
    prefix: placed?.prefix ?? Buffer.alloc(0),
    type: TYPE_OF[entry.kind],
    mode: entry.mode & MODE_BITS,
    seconds: Math.max(0, Math.floor(entry.mtimeMs / 1000)),
    bytes: Math.min(entry.bytes, MOST_BYTES),
    target: target.subarray(0, NAME_BYTES),
  });
  return records.length === 0 ? own : Buffer.concat([paxHeader(records), own]);
}

/** Zeros up to the next block. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

/** A name may be parted at any slash into 155 and 100 bytes; null when that is not enough. */
function placeName(path: Buffer): { name: Buffer; prefix: Buffer } | null {
  if (path.length <= NAME_BYTES) return { name: path, prefix: Buffer.alloc(0) };
  // The slash that ends a folder's name belongs to the name.
  const slash = path.subarray(0, Math.min(path.length - 1, PREFIX_BYTES + 1)).lastIndexOf("/");
  if (slash <= 0 || path.length - slash - 1 > NAME_BYTES) return null;
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) };
}

function paxHeader(records: readonly Buffer[]): Buffer {
  const binary = records.every((record) => isUtf8(record))
    ? []
    : [paxRecord("hdrcharset", Buffer.from("BINARY"))];
  const body = Buffer.concat([...binary, ...records]);
  const name = Buffer.from("PaxHeader");
  const none = Buffer.alloc(0);
  const header = ustar({
    name,
    prefix: none,
    type: "x",
    mode: 0o644,
    seconds: 0,
    bytes: body.length,
    target: none,
  });
  return Buffer.concat([header, body, tarPadding(body.length)]);
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

interface Fields {
  name: Buffer;
  prefix: Buffer;
  type: string;
  mode: number;
  seconds: number;
  bytes: number;
  target: Buffer;
}

function ustar({ name, prefix, type, mode, seconds, bytes, target }: Fields): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(bytes, 11), 124);
  block.write(octal(seconds, 11), 136);
  block.write("        ", 148);
  block.write(type, 156);
  target.copy(block, 157);
  block.write("ustar\u000000", 257);
  prefix.copy(block, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
