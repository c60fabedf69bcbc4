import { storageKeyProblem } from "@agency/core";
import type { ListedObject, ObjectPage } from "@agency/core";
import { AgencyError } from "@agency/contract";
import type { Page } from "../checked-request.ts";
import type { S3Access } from "./s3-access.ts";
import { factsOf } from "./s3-error.ts";

const DELETES_AT_ONCE = 8;

export async function listObjects(access: S3Access, prefix: string, page: Page): Promise<ObjectPage> {
  let after = page.after === null ? null : `${access.root}${page.after}`;
  for (;;) {
    const { keys, objects, truncated } = await listRaw(access, prefix, after, page.limit);
    if (!truncated) return { objects, next: null };
    // What others put there under names that are no keys of ours may fill a whole page.
    if (objects.length > 0) return { objects, next: objects.at(-1)?.key ?? null };
    after = keys.at(-1) ?? after;
  }
}

async function listRaw(access: S3Access, prefix: string, after: string | null, limit: number) {
  const { sdk, client, bucket, root } = access;
  const said = await client.send(
    new sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: `${root}${prefix}/`,
      MaxKeys: limit,
      ...(after === null ? {} : { StartAfter: after }),
    }),
  );
  const contents = said.Contents ?? [];
  const objects = contents.flatMap(({ Key = "", Size = 0, LastModified }): ListedObject[] => {
    const key = Key.slice(root.length);
    return storageKeyProblem(key) === null ? [{ key, bytes: Size, at: LastModified?.getTime() ?? 0 }] : [];
  });
  return { keys: contents.flatMap(({ Key }) => Key ?? []), objects, truncated: said.IsTruncated === true };
}

/** Page by page from the start: what is deleted is not listed again. */
export async function deletePrefix(access: S3Access, prefix: string): Promise<void> {
  for (;;) {
    const { keys, truncated } = await listRaw(access, prefix, null, 1000);
    if (keys.length > 0) await deleteAll(access, keys);
    if (!truncated) return;
  }
}

async function deleteAll(access: S3Access, keys: string[]): Promise<void> {
  const { sdk, client, bucket } = access;
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  try {
    const { Errors = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete }));
    const [first] = Errors;
    if (first !== undefined) throw notDeleted(first.Key ?? "", first.Code ?? "");
  } catch (error) {
    // Not every server has the call, or takes its checksum.
    if (![400, 405, 501].includes(factsOf(error).status ?? 0)) throw error;
    await deleteOneByOne(access, keys);
  }
}

async function deleteOneByOne({ sdk, client, bucket }: S3Access, keys: string[]): Promise<void> {
  const left = keys.values();
  const worker = async () => {
    for (const Key of left) await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }));
  };
  await Promise.all(Array.from({ length: DELETES_AT_ONCE }, worker));
}

function notDeleted(key: string, code: string): AgencyError {
  return new AgencyError("unavailable", `"${key}" was not deleted (${code}).`, {
    next: "Allow the key to delete objects (s3:DeleteObject), then try again.",
  });
}

/** Parts of uploads that nobody finished: they are never listed as objects, and paid for. */
export async function sweepUploads(access: S3Access, before: number): Promise<void> {
  const { sdk, client, bucket, root } = access;
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const said = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: root, ...marker }),
    );
    for (const { Key, UploadId, Initiated } of said.Uploads ?? [])
      if (Initiated !== undefined && Initiated.getTime() < before)
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    if (said.IsTruncated !== true || said.NextKeyMarker === undefined) return;
    marker = {
      KeyMarker: said.NextKeyMarker,
      ...(said.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: said.NextUploadIdMarker }),
    };
  }
}
