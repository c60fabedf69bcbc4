import { ArchiveError } from "./archive-error.ts";

export interface ByteReader {
  /** Exactly this many bytes. */
  read(bytes: number): Promise<Buffer>;
  /** At least one and at most this many, without copying. */
  some(most: number): Promise<Buffer>;
  skip(bytes: number): Promise<void>;
}

/** Takes a stream in pieces of one's own size. Throws ArchiveError when it ends in the middle of one. */
export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const some = async (most: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) throw new ArchiveError("it ends in the middle");
      rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    return piece;
  };
  return {
    some,
    read: async (bytes) => {
      const pieces: Buffer[] = [];
      for (let left = bytes; left > 0; left -= pieces.at(-1)?.length ?? 0) pieces.push(await some(left));
      return Buffer.concat(pieces);
    },
    skip: async (bytes) => {
      for (let left = bytes; left > 0;) left -= (await some(left)).length;
    },
  };
}
