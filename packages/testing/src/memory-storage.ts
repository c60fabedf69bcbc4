import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";
import { DEFAULT_MEDIA_TYPE, rangeWithin, storageKeyProblem, writeOptionsProblem } from "@agency/core";
import type { Storage, StoredObject, WriteOptions } from "@agency/core";

interface Kept {
  object: StoredObject;
  body: Uint8Array<ArrayBuffer>;
}

const PIECE = 64 * 1024;
const MOST = 1000;

const refused = (problem: string) => new AgencyError("invalid_request", `${problem}.`);

/** Storage for tests of what stands on it. Runs the same suite as the real ones. */
export function createMemoryStorage(): Storage {
  const objects = new Map<string, Kept>();

  const storage: Storage = {
    put: async (key, body) => void objects.set(checked(key), kept(key, body.slice(), {})),
    async write(key, body, options = {}) {
      const problem = writeOptionsProblem(options);
      if (problem !== null) throw refused(problem);
      checked(key);
      const made = kept(key, await collect(body), options);
      objects.set(key, made);
      return made.object;
    },
    async get(key) {
      return objects.get(checked(key))?.body.slice() ?? null;
    },
    async read(key, range = {}) {
      const found = objects.get(checked(key));
      const within = rangeWithin(range, found?.object.bytes ?? 0);
      if (within === null) throw refused("The range of bytes is none");
      if (found === undefined) return null;
      return { object: found.object, body: pieces(found.body.subarray(within.from, within.to)) };
    },
    stat: async (key) => objects.get(checked(key))?.object ?? null,
    async compare(key, { bytes, sha256 }) {
      const found = objects.get(checked(key))?.object;
      if (found === undefined) return "missing";
      return found.bytes === bytes && found.sha256 === sha256 ? "same" : "other";
    },
    async list(prefix, { after, limit = MOST } = {}) {
      if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
        throw refused("A page holds from 1 to 1000 objects");
      const folder = `${checked(prefix)}/`;
      const from = after === undefined ? "" : checked(after);
      const keys = [...objects.keys()].filter((key) => key.startsWith(folder) && key > from).sort();
      const page = keys.slice(0, limit).flatMap((key) => objects.get(key)?.object ?? []);
      const listed = page.map(({ key, bytes, at }) => ({ key, bytes, at }));
      return { objects: listed, next: keys.length > limit ? (page.at(-1)?.key ?? null) : null };
    },
    async delete(key) {
      objects.delete(checked(key));
    },
    async deletePrefix(prefix) {
      const folder = `${checked(prefix)}/`;
      for (const key of objects.keys()) if (key.startsWith(folder)) objects.delete(key);
    },
    sweep: async () => {},
    signGet: unsigned,
    signPut: unsigned,
  };
  return storage;
}

async function unsigned(key: string): Promise<null> {
  checked(key);
  return null;
}

function checked(key: string): string {
  const problem = storageKeyProblem(key);
  if (problem !== null) throw refused(`The storage key ${problem}`);
  return key;
}

function kept(key: string, body: Uint8Array<ArrayBuffer>, options: WriteOptions): Kept {
  const sha256 = createHash("sha256").update(body).digest("hex");
  const { mediaType = DEFAULT_MEDIA_TYPE } = options;
  if (options.bytes !== undefined && options.bytes !== body.byteLength)
    throw refused(`"${key}" is ${body.byteLength} bytes long, ${options.bytes} were announced`);
  if (options.sha256 !== undefined && options.sha256 !== sha256)
    throw refused(`"${key}" has the sha256 ${sha256}, announced was ${options.sha256}`);
  const object = { key, bytes: body.byteLength, etag: sha256, sha256, mediaType, at: Date.now() };
  return { object, body };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

function pieces(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= body.byteLength) return controller.close();
      controller.enqueue(body.slice(at, at + PIECE));
      at += PIECE;
    },
  });
}
