import { Readable } from "node:stream";
import { constants, createZstdDecompress } from "node:zlib";
import { AgencyError } from "@agency/contract";

/** 8 MiB: a frame may ask for no more memory than that, whatever its header says. */
const OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** The content that begins `skip` bytes into the unpacked frames; nothing behind it is unpacked. */
export function unpackFile(
  frames: ReadableStream<Uint8Array>,
  { skip, bytes }: { skip: number; bytes: number },
): ReadableStream<Uint8Array> {
  const pieces = contentOf(frames, skip, bytes);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await pieces.return(undefined);
      // Nobody read a piece: then nothing has taken the frames yet, and nothing else lets go of them.
      if (!frames.locked) await frames.cancel(reason);
    },
  });
}

async function* contentOf(
  frames: ReadableStream<Uint8Array>,
  skip: number,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(frames);
  const unpacking = createZstdDecompress(OPTIONS);
  source.on("error", (error) => unpacking.destroy(error));
  let before = skip;
  let left = bytes;
  try {
    for await (const chunk of bytes === 0 ? [] : source.pipe(unpacking)) {
      const piece: Uint8Array = chunk.subarray(before, before + left);
      before = Math.max(0, before - chunk.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
      if (left === 0) break;
    }
  } finally {
    unpacking.destroy();
    source.destroy();
  }
  if (left > 0) throw new AgencyError("conflict", "The archive ends before this file does.");
}
