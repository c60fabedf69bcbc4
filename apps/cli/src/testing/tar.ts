import { zstdCompressSync } from "node:zlib";

interface RawEntry {
  name: string;
  type?: string;
  body?: string | Buffer;
  mode?: number;
  link?: string;
  /** What the header says, when that is not the length of the body. */
  size?: number;
  sizeField?: Buffer;
}

/** One tar entry, byte for byte as told: honest and hostile ones. Names are one character a byte. */
export function tarEntry({
  name,
  type = "0",
  body = "",
  mode = 0o644,
  link = "",
  size,
  sizeField,
}: RawEntry): Buffer {
  const content = Buffer.from(body);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  header.write("0000000\0".repeat(2), 108);
  header.write(`${(size ?? content.length).toString(8).padStart(11, "0")}\0`, 124);
  sizeField?.copy(header, 124);
  header.write("00000000000\0        ", 136);
  header.write(type, 156);
  header.write(link, 157, 100, "latin1");
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

export function paxEntry(records: Record<string, string>, type = "x"): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const digits = [1, 2, 3, 4, 5].find((count) => String(rest.length + count).length === count) ?? 1;
    return `${rest.length + digits}${rest}`;
  });
  return tarEntry({ name: "pax", type, body: Buffer.from(lines.join(""), "latin1") });
}

export const tar = (...entries: (RawEntry | Buffer)[]): Buffer =>
  Buffer.concat([
    ...entries.map((entry) => (Buffer.isBuffer(entry) ? entry : tarEntry(entry))),
    Buffer.alloc(1024),
  ]);

/** As the runner stores it: many frames one after another. */
export function tarZst(...entries: (RawEntry | Buffer)[]): Buffer {
  const whole = tar(...entries);
  const half = Math.floor(whole.length / 2);
  return Buffer.concat([zstdCompressSync(whole.subarray(0, half)), zstdCompressSync(whole.subarray(half))]);
}
