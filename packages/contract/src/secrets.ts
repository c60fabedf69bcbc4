import { z } from "zod";

/**
 * `ANTHROPIC_API_KEY`, `CLAUDE_CODE_OAUTH_TOKEN`, `OPENAI_API_KEY`, `GITHUB_TOKEN`, ... A label behind `@` makes a
 * further one of the same kind: `ANTHROPIC_API_KEY@work` joins the pool; `GIT_TOKEN@git.example.com` is for that host.
 */
export const secretNameSchema = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]{0,63}(?:@[a-z0-9][a-z0-9.:-]{0,127})?$/,
    "must look like ANTHROPIC_API_KEY, ANTHROPIC_API_KEY@work or GIT_TOKEN@git.example.com",
  );

/** How short it may be depends on the name: an App ID has six digits, a token must be long enough to be hidden. */
export const secretValueSchema = z.string().trim().min(1, "is empty").max(32_768);

export const projectSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, "lower-case letters, digits, . _ -, at most 63");

export const setSecretSchema = z.strictObject({
  value: secretValueSchema,
  project: projectSchema
    .optional()
    .describe("Only for tasks of this project; not set: for all of the account."),
  kind: z
    .enum(["api_key", "oauth"])
    .optional()
    .describe("How a model credential is presented. Told from its beginning when not set."),
  check: z.boolean().default(false).describe("Ask the vendor whether it works before it is stored."),
});
export type SetSecretInput = z.input<typeof setSecretSchema>;
export type SetSecret = z.output<typeof setSecretSchema>;

/** A secret as it can be read back: everything but its value. */
export const secretInfoSchema = z.object({
  name: z.string(),
  project: z.string().nullable(),
  kind: z.enum(["api_key", "oauth", "app", "token"]).describe("What it was recognised as."),
  use: z.string().describe("What Agency uses it for, in words."),
  source: z.enum(["stored", "server"]).describe("server: from the server's own environment or `.env`."),
  hint: z.string().describe("Its last characters."),
  version: z.number().int(),
  updatedAt: z.iso.datetime().nullable(),
  checked: z.string().nullable().describe("What the vendor said when it was last checked."),
});
export type SecretInfo = z.infer<typeof secretInfoSchema>;
export const secretListSchema = z.object({ secrets: z.array(secretInfoSchema) });

export const rotatedSchema = z.object({ rewrapped: z.number().int(), keyId: z.string() });
export type Rotated = z.infer<typeof rotatedSchema>;

/** Secrets of one task only: encrypted, used by the broker, gone when the task has ended. */
export const taskSecretsSchema = z
  .record(secretNameSchema, secretValueSchema)
  .refine((secrets) => Object.keys(secrets).length <= 20, "has more than 20 secrets");

export const auditEntrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: z.string().describe("The API key that asked, or `server`."),
  action: z.string(),
  target: z.string(),
  detail: z.record(z.string(), z.string()),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export const auditPageSchema = z.object({
  entries: z.array(auditEntrySchema),
  nextCursor: z.string().nullable(),
});
export const listAuditSchema = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type ListAudit = z.output<typeof listAuditSchema>;
