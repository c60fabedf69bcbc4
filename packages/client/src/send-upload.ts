import { offeredUploadSchema, uploadSchema } from "@agency/contract";
import type { DirectUpload, Upload } from "@agency/contract";
import { finish } from "./calls.ts";
import { call } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** The server gives an upload an hour. */
const UPLOAD_MS = 60 * 60_000;

/** Straight to the storage where it takes it from here, else through the server. */
export async function sendUpload(
  connection: Connection,
  content: Blob,
  sha256: string,
  signal: AbortSignal | undefined,
): Promise<Upload> {
  const body = { bytes: content.size, sha256 };
  const offer = { method: "POST", path: "/v1/uploads/direct", body, signal } as const;
  const { direct } = await call(connection, offer, offeredUploadSchema);
  if (direct !== null && (await put(connection, direct, content, signal))) {
    const path = `/v1/uploads/${direct.id}/finish`;
    // The server may have to read all of it.
    return call(connection, { method: "POST", path, timeoutMs: UPLOAD_MS, signal }, uploadSchema);
  }
  return call(
    connection,
    {
      method: "POST",
      path: "/v1/uploads",
      query: body,
      headers: { "content-type": "application/x-tar" },
      content,
      timeoutMs: UPLOAD_MS,
      signal,
    },
    uploadSchema,
  );
}

/** False: not from here. A bucket can be one that only the server reaches. */
async function put(
  { fetch, baseUrl }: Connection,
  { url, headers }: DirectUpload,
  content: Blob,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (new URL(url).protocol !== "https:" && new URL(baseUrl).protocol === "https:") return false;
  const limit = AbortSignal.timeout(UPLOAD_MS);
  try {
    const response = await fetch(url, {
      method: "PUT",
      // Its length goes along by itself; nobody else may set it everywhere.
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-length")),
      body: content,
      redirect: "manual",
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    await finish(response);
    return response.ok;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}
