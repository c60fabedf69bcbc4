import type { WriteOptions } from "../ports/storage.ts";

export const DEFAULT_MEDIA_TYPE = "application/octet-stream";

/** It becomes a header, so nothing that could end one. */
const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(; ?[\w-]{1,30}=[\w.+-]{1,60})?$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** What is wrong with them, as a sentence without its full stop; null when nothing is. */
export function writeOptionsProblem({ bytes, sha256, mediaType }: WriteOptions): string | null {
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0))
    return "The size is not a number of bytes";
  if (sha256 !== undefined && !SHA256.test(sha256)) return "The sha256 is not 64 small hexadecimal digits";
  if (mediaType !== undefined && !MEDIA_TYPE.test(mediaType))
    return "The media type is not one such as text/plain";
  return null;
}
