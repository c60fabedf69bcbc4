import { lowerLimitsSchema } from "@agency/contract";
import { z } from "zod";

const MAX_SETUP_S = 15 * 60;
const command = z.string().trim().min(1).max(4096);
const commands = (most: number) =>
  z.union([command.transform((one) => [one]), z.array(command).max(most)]).default([]);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is not a variable name");
const value = z.union([z.string().max(32_768), z.number(), z.boolean()]).transform(String);

/** Never a place of settings, keys or programs: what one task leaves there would rule the next one. */
const NOT_A_CACHE =
  /^~\/\.?(?:agency|claude[^/]*|codex[^/]*|config|ssh|gnupg|aws|kube|docker|git[^/]*|bash[^/]*|zsh[^/]*|profile|netrc|npmrc|local\/bin|cargo\/bin|bin)(?:\/|$)/;
const cachePath = z
  .string()
  .max(200)
  .regex(/^~(?:\/[\w.@+-]+)+$/, "must be a folder of the home, such as ~/.npm")
  .refine(
    (path) => !path.split("/").some((part) => part === "." || part === ".."),
    "must have no dots for a part",
  )
  .refine((path) => !NOT_A_CACHE.test(path), "is no place for a cache");

/** A mistyped name is no setting that does nothing. */
function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  const error: z.core.$ZodErrorMap = (issue) =>
    issue.code === "unrecognized_keys"
      ? `has no ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}: known are ${known}`
      : undefined;
  return z.strictObject(shape, { error });
}

/** `.agency/config.json` and `.agency/config.yaml`: what every task in this repository needs. */
export const repositoryConfigSchema = z.looseObject({
  setup: commands(50).describe("Run with sh, one after the other, before the agent starts."),
  setupTimeout: z
    .number()
    .positive()
    .max(MAX_SETUP_S)
    .default(MAX_SETUP_S)
    .describe("Seconds, for all of the setup."),
  start: commands(10).describe(
    "Services: each is started with sh after the setup, runs beside the agent, is started again when it fails, and ends before the work is handed over.",
  ),
  hooks: closed({ "pre-run": command.optional(), "post-run": command.optional() })
    .default({})
    .describe("Run with sh right before the agent and right after it, beside the files in .agency/hooks."),
  env: z
    .record(variable, value)
    .default({})
    .describe("Settings for setup and agent; the task's own go first."),
  limits: closed(lowerLimitsSchema.shape)
    .default({})
    .describe("Limits for every task here. They lower those of the task and never raise them."),
  checks: z.array(command).max(20).default([]).describe("Run after the work, beside the task's own."),
  caches: z
    .array(cachePath)
    .max(20)
    .optional()
    .describe(
      "Folders of the home, such as ~/.npm, that are kept for the next task of this repository. " +
        "Not set: those of the package managers whose files are there; []: none.",
    ),
  artifacts: z.array(z.string().min(1).max(500)).max(50).default([]).describe("Files to keep, as patterns."),
});
export type RepositoryConfig = z.output<typeof repositoryConfigSchema>;

const program = z.union([z.string(), z.array(z.string())]);
const lifecycleCommand = z.union([program, z.record(z.string(), program)]).optional();
export type LifecycleCommand = z.output<typeof lifecycleCommand>;

/** The part of a devcontainer that makes sense without its container. */
export const devcontainerSchema = z.looseObject({
  onCreateCommand: lifecycleCommand,
  updateContentCommand: lifecycleCommand,
  postCreateCommand: lifecycleCommand,
  postStartCommand: lifecycleCommand,
  containerEnv: z.record(variable, value).default({}),
});
export type Devcontainer = z.output<typeof devcontainerSchema>;
