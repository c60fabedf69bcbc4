import { z } from "zod";

const count = z.number().int().nonnegative();
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * archive: the whole workspace (tar.zst, what git ignores left out). patch: every change as `git apply` takes it.
 * session: the engine's own memory (tar). file: something named by the user or the agent. screenshot: a picture
 * from `.agency/screenshots`. log: the output of a check.
 */
export const ARTIFACT_KINDS = ["archive", "patch", "session", "file", "screenshot", "log"] as const;
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

/**
 * The blob of kind "manifest" that goes with an archive: where each file's content lies. The archive is many zstd
 * frames one after another; `length` bytes from `offset` are whole frames, and in what they decompress to the content
 * begins after `skip` bytes. Nothing in it is trusted: it was written inside the sandbox.
 */
export const archiveManifestSchema = z.object({
  v: z.literal(1),
  truncated: z.boolean().describe("Something was left out of the archive."),
  files: z.array(
    archivedFileSchema.extend({
      pathBytes: z.base64().optional().describe("The path itself, when it is not UTF-8."),
      offset: count,
      length: count,
      skip: count,
    }),
  ),
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
export const restoreSchema = postCheckpointSchema
  .omit({ blob: true, label: true })
  .extend({ taskId: z.uuid(), bytes: count, sha256: sha256Schema, fork: z.boolean() });
export type Restore = z.infer<typeof restoreSchema>;
