import { DEFAULT_MEDIA_TYPE } from "@agency/core";
import type { StoredObject } from "@agency/core";
import type { S3Access } from "./s3-access.ts";
import { factsOf } from "./s3-error.ts";

/** What the server says of an object, in the headers of a GET or a HEAD. */
interface Described {
  ContentLength?: number | undefined;
  ContentType?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  Metadata?: Record<string, string> | undefined;
}

export function storedObject(key: string, said: Described, bytes = said.ContentLength ?? 0): StoredObject {
  return {
    key,
    bytes,
    etag: bareEtag(said.ETag),
    sha256: said.Metadata?.["sha256"] ?? null,
    mediaType: said.ContentType ?? DEFAULT_MEDIA_TYPE,
    at: said.LastModified?.getTime() ?? 0,
  };
}

export const bareEtag = (etag: string | undefined): string => (etag ?? "").replaceAll('"', "");

export async function statObject(access: S3Access, key: string): Promise<StoredObject | null> {
  const { sdk, client } = access;
  const said = await unlessMissing(client.send(new sdk.HeadObjectCommand(access.at(key))));
  return said === null ? null : storedObject(key, said);
}

/** A HEAD has no body to name what is missing, so a missing bucket looks like a missing object there. */
export async function unlessMissing<T>(sent: Promise<T>): Promise<T | null> {
  try {
    return await sent;
  } catch (error) {
    if (["NoSuchKey", "NotFound"].includes(factsOf(error).name)) return null;
    throw error;
  }
}
