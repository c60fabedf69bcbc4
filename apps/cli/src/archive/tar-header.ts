/** Bytes as text, one character each: a name in an archive need not be UTF-8, and must not change on its way to disk. */
export type ByteString = string;

export const BLOCK = 512;

export interface TarHeader {
  name: ByteString;
  /** The character that says what it is: "0" a file, "5" a folder, … */
  type: string;
  size: number;
  mode: number;
  linkName: ByteString;
}

type HeaderBlock = { kind: "header"; header: TarHeader } | { kind: "end" } | { kind: "bad"; why: string };

/** Reads one block as ustar, GNU or the oldest format have it. */
export function parseHeader(block: Buffer): HeaderBlock {
  if (block.every((byte) => byte === 0)) return { kind: "end" };
  if (!checksumFits(block)) return { kind: "bad", why: "a header does not fit its checksum" };
  const size = numberAt(block, 124, 12);
  const mode = numberAt(block, 100, 8);
  if (size === null || mode === null) return { kind: "bad", why: "a header holds a number that is none" };
  const name = textAt(block, 0, 100);
  // GNU's own format keeps times where ustar has a prefix.
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? textAt(block, 345, 155) : "";
  const type = block.toString("latin1", 156, 157);
  return {
    kind: "header",
    header: {
      name: prefix === "" ? name : `${prefix}/${name}`,
      type: type === "\0" ? "0" : type,
      size,
      mode,
      linkName: textAt(block, 157, 100),
    },
  };
}

function checksumFits(block: Buffer): boolean {
  const told = numberAt(block, 148, 8);
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  return told === sum;
}

function textAt(block: Buffer, from: number, length: number): ByteString {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString("latin1", 0, end === -1 ? length : end);
}

/** Octal digits, or GNU's binary form for what eleven of them cannot hold. */
function numberAt(block: Buffer, from: number, length: number): number | null {
  const field = block.subarray(from, from + length);
  if (field[0] === 0x80) {
    let value = 0n;
    for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
  }
  const digits = field
    .toString("latin1")
    .replace(/[\0 ]+$/, "")
    .trimStart();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}
