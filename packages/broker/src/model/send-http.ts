import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

export interface HttpAsk {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal;
  /** Longest wait for the answer to begin. */
  readonly headersMs: number;
}

/**
 * One request, no redirect followed, the answer's bytes as they come. Not `fetch`, which gives up on an answer
 * that takes longer than five minutes to begin: a long one that is not streamed does.
 */
export async function sendHttp(url: URL, ask: HttpAsk): Promise<UpstreamAnswer> {
  const { method, headers, body, signal } = ask;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const answered = Promise.withResolvers<IncomingMessage>();
  const request = send(url, { method, headers: Object.fromEntries(headers), signal });
  const slow = setTimeout(() => request.destroy(codedError("HEADERS_TIMEOUT")), ask.headersMs);
  request.on("response", answered.resolve);
  request.on("error", answered.reject);
  request.end(body ?? undefined);
  try {
    const answer = await answered.promise;
    return {
      status: answer.statusCode ?? 0,
      headers: headersOf(answer),
      body: webStream(decoded(answer)),
    };
  } finally {
    clearTimeout(slow);
  }
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function headersOf(answer: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  return headers;
}

const DECODERS: Record<string, () => Readable & NodeJS.WritableStream> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Vendors are asked not to compress; a gateway in between may do it all the same. */
function decoded(answer: IncomingMessage): Readable {
  const encoding = answer.headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding === "identity") return answer;
  const decoder = DECODERS[encoding]?.();
  if (decoder === undefined) {
    answer.destroy();
    throw codedError("UNKNOWN_ENCODING");
  }
  // A fault of either end destroys both; whoever reads sees it.
  pipeline(answer, decoder, () => {});
  return decoder;
}

/** Reads only when it is read itself. */
function webStream(from: Readable): ReadableStream<Uint8Array> {
  const pieces: AsyncIterator<Uint8Array> = from[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        from.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
