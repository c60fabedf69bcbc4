const BLOCK = 512;
const ZERO = Buffer.alloc(BLOCK);
/** Eleven octal digits. */
const MAX_BYTES = 8 ** 11 - 1;

export interface TarEntry {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly start: number;
  readonly bytes: number;
}

/** A ustar header for a regular file with a short ASCII name; the same entry always gives the same bytes. */
export function tarHeader(name: string, bytes: number): Buffer {
  if (!/^[\w./-]{1,100}$/.test(name) || bytes > MAX_BYTES)
    throw new RangeError(`A plain tar header cannot hold ${JSON.stringify(name)} of ${bytes} bytes.`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, "ascii");
  header.write("0000644\u{0}0000000\u{0}0000000\u{0}", 100, "ascii");
  header.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124, "ascii");
  header.write(`${"0".repeat(11)}\0`, 136, "ascii");
  header.write("0", 156, "ascii");
  header.write("ustar\u000000", 257, "ascii");
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return header;
}

/** What follows an entry's bytes. */
export function tarPadding(bytes: number): Buffer {
  return ZERO.subarray(0, (BLOCK - (bytes % BLOCK)) % BLOCK);
}

export const TAR_END = Buffer.alloc(2 * BLOCK);

/** The entries of an archive that `tarHeader` made; throws on any other. */
export async function listTar(
  read: (from: number, bytes: number) => Promise<Buffer>,
  size: number,
): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  for (let at = 0; at + BLOCK <= size;) {
    const header = await read(at, BLOCK);
    if (header.equals(ZERO)) return entries;
    const entry = parseHeader(header, at + BLOCK);
    entries.push(entry);
    at = entry.start + entry.bytes + tarPadding(entry.bytes).length;
    if (at > size) break;
  }
  throw new Error("The archive ends before its end.");
}

function parseHeader(header: Buffer, start: number): TarEntry {
  const name = text(header, 0, 100);
  const bytes = Number.parseInt(text(header, 124, 11), 8);
  const isOurs =
    Number.isSafeInteger(bytes) &&
    Number.parseInt(text(header, 148, 6), 8) === checksum(header) &&
    header.subarray(0, BLOCK).equals(tarHeader(name, bytes));
  if (!isOurs) throw new Error("The archive holds an entry that no runner writes.");
  return { name, start, bytes };
}

function text(header: Buffer, from: number, bytes: number): string {
  return header.toString("latin1", from, from + bytes).replace(/\0.*$/s, "");
}

/** Over the header with its own field as blanks. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}
