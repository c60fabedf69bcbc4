import {
  AgencyError,
  BLOB_HEADER,
  blobHeaderSchema,
  postCheckpointSchema,
  UPLINK_PATHS,
} from "@agency/contract";
import type { BlobHeader, PostCheckpoint } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { requestBytes } from "../http/request-bytes.ts";
import { readBody } from "./read-body.ts";
import type { UplinkEnv } from "./app.ts";

const KiB = 1024;
/** Names of 1 KiB, in JSON that escapes each character. */
const MAX_HEADER = 8 * KiB;

export interface BlobDeps {
  /** Reads the body as it comes; throws `payload_too_large` before it reads what would not be kept. */
  takeBlob: (
    access: AttemptAccess,
    header: BlobHeader,
    body: AsyncIterable<Uint8Array>,
  ) => Promise<{ id: string }>;
  takeCheckpoint: (access: AttemptAccess, input: PostCheckpoint) => Promise<void>;
  openRestore: (access: AttemptAccess) => Promise<{ bytes: number; body: ReadableStream<Uint8Array> }>;
}

/** What is kept of a sandbox, and what a new one begins with. */
export function blobRoutes(app: Hono<UplinkEnv>, deps: BlobDeps, runner: MiddlewareHandler<UplinkEnv>): void {
  app.put(UPLINK_PATHS.blobs, runner, async (c) => {
    return c.json(await deps.takeBlob(c.get("access"), blobHeader(c), requestBytes(c)));
  });
  app.post(UPLINK_PATHS.checkpoints, runner, async (c) => {
    await deps.takeCheckpoint(c.get("access"), await readBody(c, postCheckpointSchema, 64 * KiB));
    return c.json({});
  });
  app.get(UPLINK_PATHS.restore, runner, async (c) => {
    const { bytes, body } = await deps.openRestore(c.get("access"));
    return c.body(body, 200, {
      "content-type": "application/octet-stream",
      "content-length": String(bytes),
    });
  });
}

function blobHeader(c: Context<UplinkEnv>): BlobHeader {
  const text = c.req.header(BLOB_HEADER) ?? "";
  const parsed = blobHeaderSchema.safeParse(text.length > MAX_HEADER ? undefined : parse(text));
  const length = c.req.header("content-length");
  const fits = parsed.success && (length === undefined || Number(length) === parsed.data.bytes);
  if (fits && !parsed.data.name.includes("\0") && parsed.data.name.isWellFormed()) return parsed.data;
  throw new AgencyError("invalid_request", `The header ${BLOB_HEADER} does not describe this blob.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
