import { z } from "zod";

const count = z.number().int().nonnegative();
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * archive: the whole workspace (tar.zst, what git ignores left out). patch: every change as `git apply` takes it.
 * file: something named by the user or the agent. screenshot: a picture from `.agency/screenshots`. log: the output
 * of a check. The engine's own memory is in the checkpoints.
 */
export const ARTIFACT_KINDS = ["archive", "patch", "file", "screenshot", "log"] as const;
export const artifactKindSchema = z.enum(ARTIFACT_KINDS);
export type ArtifactKind = z.infer<typeof artifactKindSchema>;

/** A path inside the workspace, or a plain name. Shown, and used as a file name only after it was made safe. */
export const artifactNameSchema = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0]+$/, "must be a relative path without dot segments");

export const artifactSchema = z.object({
  id: z.uuid(),
  kind: artifactKindSchema,
  name: z.string(),
  bytes: count,
  sha256: sha256Schema,
  mediaType: z.string(),
  createdAt: z.iso.datetime(),
  expiredAt: z.iso.datetime().optional().describe("Since when its bytes are no longer kept."),
  missingSince: z.iso
    .datetime()
    .optional()
    .describe("Since when its bytes are known to have disappeared from storage."),
});
export type Artifact = z.infer<typeof artifactSchema>;
export const artifactListSchema = z.object({ artifacts: z.array(artifactSchema) });

/** One entry of the workspace archive, found without unpacking it. */
export const archivedFileSchema = z.object({
  path: z.string(),
  kind: z.enum(["file", "link", "folder"]),
  bytes: count,
  mode: z.number().int(),
  target: z.string().optional().describe("Where a link points."),
});
export type ArchivedFile = z.infer<typeof archivedFileSchema>;

export const MAX_ARCHIVED_FILES = 200_000;

export const manifestEntrySchema = archivedFileSchema.extend({
  pathBytes: z.base64().optional().describe("The path itself, when it is not UTF-8."),
  offset: count,
  length: count,
  skip: count,
});

/**
 * The blob of kind "manifest" that goes with an archive: where each file's content lies. The archive is many zstd
 * frames one after another; `length` bytes from `offset` are whole frames, and in what they decompress to the content
 * begins after `skip` bytes. Nothing in it is trusted: it was written inside the sandbox.
 */
export const archiveManifestSchema = z.object({
  v: z.literal(1),
  truncated: z.boolean().describe("Something was left out of the archive."),
  files: z.array(manifestEntrySchema).max(MAX_ARCHIVED_FILES),
});
export type ArchiveManifest = z.infer<typeof archiveManifestSchema>;
export const archivedFileListSchema = z.object({
  files: z.array(archivedFileSchema),
  truncated: z.boolean().describe("Something was left out of the archive."),
  nextAfter: z.string().nullable().describe("Pass it as `after` for the next page; null on the last one."),
});

/** Workspace and session as they were after a turn. */
export const checkpointSchema = z.object({
  number: z.number().int().positive(),
  at: z.iso.datetime(),
  label: z.string().nullable(),
  turn: count,
  commit: z
    .string()
    .describe("The commit of the workspace as it was, with everything that git does not ignore."),
  sessionId: z.string().nullable(),
  engine: z.string(),
  engineVersion: z.string().nullable(),
  bytes: count,
  sha256: sha256Schema,
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
export const checkpointListSchema = z.object({ checkpoints: z.array(checkpointSchema) });
export const askCheckpointSchema = z.strictObject({
  label: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\p{Cf}]*$/u, "no control characters")
    .optional()
    .describe("What to call it. One with a label is kept as long as the task."),
});

/**
 * A checkpoint, and what people upload instead of one, is a plain tar without links, folders and extensions:
 * `checkpoint.json` (this), `files.jsonl.zst` (the files of the workspace and where they lie in the bundle; only in those
 * a runner made), `workspace.bundle` (a git bundle with refs/agency/checkpoint), `session/<n>.gz` (the n-th of the
 * engine's files, whose paths are here because they may be as long and as odd as they like).
 */
export const checkpointManifestSchema = z.object({
  v: z.literal(1),
  session: z
    .object({ sessionId: z.string(), engineVersion: z.string(), files: z.array(z.string()).max(10_000) })
    .nullable(),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;
export const CHECKPOINT_ENTRIES = {
  manifest: "checkpoint.json",
  files: "files.jsonl.zst",
  bundle: "workspace.bundle",
  session: (at: number): string => `session/${at}.gz`,
} as const;

export const MAX_UPLOAD_BYTES = 512 * 1024 * 1024;

export const uploadSchema = z.object({
  id: z.uuid(),
  bytes: count,
  sha256: sha256Schema,
  expiresAt: z.iso.datetime().describe("Until then a task can be started from it; after that it is gone."),
});
export type Upload = z.infer<typeof uploadSchema>;

export const announceUploadSchema = z.strictObject({
  bytes: z.number().int().min(0).max(MAX_UPLOAD_BYTES).describe("Its size."),
  sha256: sha256Schema.describe("Its SHA-256, in hex."),
});
export type AnnounceUpload = z.output<typeof announceUploadSchema>;

const directUploadSchema = z.object({
  id: z.uuid().describe("Finish it by this."),
  url: z.url().describe("Where to PUT the bytes. It says all that is needed: send no key there."),
  headers: z.record(z.string(), z.string()).describe("To be sent exactly like this."),
  expiresAt: z.iso.datetime().describe("Until then the address takes them."),
});
export type DirectUpload = z.infer<typeof directUploadSchema>;

export const offeredUploadSchema = z.object({
  direct: directUploadSchema.nullable().describe("Null: send the bytes to /v1/uploads."),
});
export type OfferedUpload = z.infer<typeof offeredUploadSchema>;

const commitName = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "must be the full name of a commit");

/** What an upload holds, in the words of a checkpoint. It is bytes to the server: a sandbox finds out. */
export const uploadedSchema = z.strictObject({
  id: z.uuid().describe("Of the upload. Each is good for one task."),
  base: commitName.describe("The repository has it, or the bundle does."),
  head: commitName.describe("Where HEAD stands."),
  branch: z
    .string()
    .min(1)
    .max(250)
    .regex(/^[^-\p{Cc}\p{Cs} ~^:?*[\\][^\p{Cc}\p{Cs} ~^:?*[\\]*$/u, "is not a valid branch name")
    .nullable()
    .default(null)
    .describe("The branch HEAD is on."),
  commit: commitName.describe("The commit of all files as they are, new ones too."),
  sessionId: z.uuid().nullable().default(null),
  engineVersion: z
    .string()
    .max(64)
    .regex(/^[\w.+-]*$/)
    .nullable()
    .default(null),
});

/** What the runner says of a blob it is about to send; the body is the bytes. */
export const blobHeaderSchema = z.object({
  kind: z.enum([...ARTIFACT_KINDS, "checkpoint", "manifest"]),
  name: artifactNameSchema,
  bytes: count,
  sha256: sha256Schema,
  mediaType: z.string().max(200).default("application/octet-stream"),
});
export type BlobHeader = z.infer<typeof blobHeaderSchema>;

/** Makes a checkpoint of a blob that is stored already: from now on it can be gone back to. */
export const postCheckpointSchema = z.object({
  number: z.number().int().positive(),
  label: z.string().max(200).nullable(),
  turn: count,
  blob: z.uuid().describe("The id the blob was given."),
  base: z.string().describe("The commit the task started from: everything up to it is in the repository."),
  head: z.string().describe("Where HEAD stood."),
  branch: z.string().nullable().describe("The branch HEAD was on."),
  commit: z.string(),
  sessionId: z.string().nullable(),
  engineVersion: z.string().nullable(),
});
export type PostCheckpoint = z.infer<typeof postCheckpointSchema>;

/** What a new attempt goes on from. The blob is fetched from UPLINK_PATHS.restore. */
export const restoreSchema = postCheckpointSchema.omit({ blob: true, label: true }).extend({
  number: count.describe("0: what was uploaded for this task."),
  taskId: z.uuid(),
  bytes: count,
  sha256: sha256Schema,
  fork: z.boolean(),
});
export type Restore = z.infer<typeof restoreSchema>;
