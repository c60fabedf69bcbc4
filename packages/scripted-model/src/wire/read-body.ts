import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

export interface ReadBody {
  text: string;
  wireBytes: number;
  bytes: number;
}

const DECODERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as const;

/** Returns the HTTP status and sentence for a body that cannot be taken. */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<ReadBody | { status: number; message: string }> {
  const tooLarge = {
    status: 413,
    message: `Request exceeds the maximum allowed number of bytes (${maxBytes}).`,
  };
  const chunks: Uint8Array[] = [];
  let wireBytes = 0;
  for await (const chunk of request.body ?? []) {
    wireBytes += chunk.byteLength;
    if (wireBytes > maxBytes) return tooLarge;
    chunks.push(chunk);
  }
  const sent = Buffer.concat(chunks);
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "")
    return { text: sent.toString("utf8"), wireBytes, bytes: wireBytes };
  if (!isKnown(encoding)) return { status: 415, message: `Unsupported content-encoding: ${encoding}` };
  try {
    const decoded = await DECODERS[encoding](sent, { maxOutputLength: maxBytes });
    return { text: decoded.toString("utf8"), wireBytes, bytes: decoded.byteLength };
  } catch (error) {
    if (error instanceof RangeError) return tooLarge;
    return { status: 400, message: `The body is not valid ${encoding}.` };
  }
}

function isKnown(encoding: string): encoding is keyof typeof DECODERS {
  return Object.hasOwn(DECODERS, encoding);
}
