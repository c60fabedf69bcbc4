import { z } from "zod";

const MAX_SETUP_S = 15 * 60;
const command = z.string().trim().min(1).max(4096);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is not a variable name");
const value = z.union([z.string().max(32_768), z.number(), z.boolean()]).transform(String);

/** `.agency/config.json` and `.agency/config.yaml`: what every task in this repository needs. */
export const repositoryConfigSchema = z.looseObject({
  setup: z
    .union([command.transform((one) => [one]), z.array(command).max(50)])
    .default([])
    .describe("Run with sh, one after the other, before the agent starts."),
  setupTimeout: z
    .number()
    .positive()
    .max(MAX_SETUP_S)
    .default(MAX_SETUP_S)
    .describe("Seconds, for all of the setup."),
  env: z
    .record(variable, value)
    .default({})
    .describe("Settings for setup and agent; the task's own go first."),
  checks: z.array(command).max(20).default([]).describe("Run after the work, beside the task's own."),
  artifacts: z.array(z.string().min(1).max(500)).max(50).default([]).describe("Files to keep, as patterns."),
});
export type RepositoryConfig = z.output<typeof repositoryConfigSchema>;

/** The part of a devcontainer that makes sense without its container. */
export const devcontainerSchema = z.looseObject({
  postCreateCommand: z
    .union([
      z.string(),
      z.array(z.string()),
      z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    ])
    .optional(),
  containerEnv: z.record(variable, value).default({}),
});
export type Devcontainer = z.output<typeof devcontainerSchema>;
