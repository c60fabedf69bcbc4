import { z } from "zod";
import { MAX_ARCHIVED_FILES } from "./artifacts.ts";

const count = z.number().int().nonnegative();

/** One file of the workspace as it was at a checkpoint. */
export const checkpointFileSchema = z.object({
  path: z.string(),
  kind: z.enum(["file", "link"]),
  bytes: count.optional().describe("Not known of every file that is as in the base."),
  mode: z.number().int(),
  target: z.string().optional().describe("Where a link points, when that is known."),
  change: z
    .enum(["added", "modified"])
    .optional()
    .describe("What became of it since the base. Not there: nothing, or there is no base."),
});
export type CheckpointFile = z.infer<typeof checkpointFileSchema>;

export const checkpointFileListSchema = z.object({
  files: z.array(checkpointFileSchema),
  deleted: z
    .array(z.string())
    .describe("Files of the base that were gone, of the same part of the order as `files`."),
  base: z.string().nullable().describe("The commit that changes are told since; null: it is not known."),
  truncated: z.boolean().describe("Something was left out of the list."),
  nextAfter: z.string().nullable().describe("Pass it as `after` for the next page; null on the last one."),
});
export type CheckpointFileList = z.infer<typeof checkpointFileListSchema>;

/** Of the files and of the deleted ones together. */
export const MAX_CHECKPOINT_FILES = MAX_ARCHIVED_FILES;
export const MAX_PATH_BYTES = 4096;
/** Of a whole list: what is left out is said with `truncated`, more is no list. */
export const MAX_CHECKPOINT_LIST = {
  bytes: 64 * 1024 * 1024,
  packedBytes: 24 * 1024 * 1024,
  /** Twice as many as files: nearly all lie whole. */
  places: 400_000,
} as const;
/** Of one object of a checkpoint's pack: git reckons with 50 usually. */
export const MAX_DELTAS = 24;

const objectName = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const named = {
  path: z
    .string()
    .min(1)
    .max(MAX_PATH_BYTES)
    .regex(/^(?!\/)(?!.*(?:^|\/)(?:\.\.?)?(?:\/|$))[^\0]+$/s),
  pathBytes: z.base64().optional().describe("The path itself, when it is not UTF-8."),
};

/**
 * The entry `CHECKPOINT_ENTRIES.files` of a checkpoint is lines of JSON as one zstd frame: this first, then one line a
 * file, by path or not. Nothing in it is trusted: it was written inside the sandbox.
 */
export const checkpointListHeadSchema = z.object({
  v: z.literal(1),
  base: objectName.nullable(),
  truncated: z.boolean(),
});
export type CheckpointListHead = z.infer<typeof checkpointListHeadSchema>;

const standingEntrySchema = checkpointFileSchema.extend({
  ...named,
  target: z.string().max(MAX_PATH_BYTES).optional(),
  object: objectName.describe("The git blob of its content."),
  places: z
    .array(z.tuple([count, count]))
    .min(1)
    .max(MAX_DELTAS + 1)
    .optional()
    .describe(
      "Where in the bundle its content lies, first byte and length of an object of the pack: the first is the blob's own, " +
        "and while one is a delta, the next is what it is made from. The last is whole.",
    ),
});
export const checkpointListEntrySchema = z.union([
  standingEntrySchema,
  z.object({ ...named, change: z.literal("deleted") }),
]);
export type CheckpointListEntry = z.infer<typeof checkpointListEntrySchema>;
