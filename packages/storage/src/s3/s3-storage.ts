import { createHash } from "node:crypto";
import type { Storage } from "@agency/core";
import { wholeBody } from "../byte-stream.ts";
import { compareBytes } from "../compare-bytes.ts";
import { checkedKey, checkedOptions, checkedPage } from "../checked-request.ts";
import { compareChecksum } from "./compare-checksum.ts";
import { deletePrefix, listObjects, sweepUploads } from "./list-objects.ts";
import { readObject } from "./read-object.ts";
import { openS3Access } from "./s3-access.ts";
import type { S3Place } from "./s3-access.ts";
import { statObject } from "./s3-object.ts";
import { signGet, signPut } from "./sign-urls.ts";
import { writeObject } from "./write-object.ts";

/** Blobs in a bucket of AWS, MinIO, R2, GCS (by its HMAC keys) or another server that speaks S3. */
export async function openS3Storage(place: S3Place): Promise<Storage> {
  const access = await openS3Access(place);
  const on = <T>(key: string, act: () => Promise<T>): Promise<T> =>
    access.on(key, async () => {
      checkedKey(key);
      return act();
    });
  const storage: Storage = {
    put: async (key, body) => void (await storage.write(key, once(body), { sha256: sha256Of(body) })),
    write: async (key, body, options = {}) =>
      writeObject(access, checkedKey(key), body, checkedOptions(key, options)),
    async get(key) {
      const found = await storage.read(key);
      return found === null ? null : wholeBody(found.body, found.object.bytes);
    },
    read: (key, range = {}, how = {}) => on(key, () => readObject(access, key, range, how)),
    stat: (key) => on(key, () => statObject(access, key)),
    compare: async (key, told) =>
      (await on(key, () => compareChecksum(access, key, told))) ?? compareBytes(storage, key, told),
    list: (prefix, page = {}) => on(prefix, async () => listObjects(access, prefix, checkedPage(page))),
    delete: (key) =>
      on(key, async () => {
        await access.client.send(new access.sdk.DeleteObjectCommand(access.at(key)));
      }),
    deletePrefix: (prefix) => on(prefix, () => deletePrefix(access, prefix)),
    sweep: (before) => access.on("unfinished uploads", () => sweepUploads(access, before)),
    signGet: (key, grant) => on(key, () => signGet(access, key, grant)),
    signPut: (key, grant) =>
      on(key, () => {
        checkedOptions(key, grant);
        return signPut(access, key, grant);
      }),
  };
  return storage;
}

/** Known before anything is sent, so that a large one carries it too. */
const sha256Of = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
