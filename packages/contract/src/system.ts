import { z } from "zod";

export const checkSchema = z.object({
  id: z.string(),
  level: z.enum(["ok", "warn", "fail"]),
  detail: z.string(),
  fix: z.string().optional(),
});
export type Check = z.infer<typeof checkSchema>;

export const engineInfoSchema = z.object({
  id: z.string(),
  title: z.string(),
  version: z.string().nullable(),
  vendor: z.string().nullable().describe("Whose model API it speaks; null when none."),
  ready: z.boolean(),
  problems: z.array(z.string()),
  probes: z
    .array(z.object({ provider: z.string(), ok: z.boolean(), detail: z.string(), at: z.iso.datetime() }))
    .describe("Could this engine version create its first file there?"),
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;

export const providerInfoSchema = z.object({
  id: z.string(),
  title: z.string(),
  ready: z.boolean(),
  limits: z.record(z.string(), z.string()).describe("How each limit is held on this machine, in words."),
  checks: z.array(checkSchema),
});
export type ProviderInfo = z.infer<typeof providerInfoSchema>;

export const engineListSchema = z.object({ engines: z.array(engineInfoSchema) });
export const providerListSchema = z.object({ providers: z.array(providerInfoSchema) });

export const settingSchema = z.object({ name: z.string(), value: z.string(), source: z.string() });
export type Setting = z.infer<typeof settingSchema>;

export const statusSchema = z.object({
  type: z.literal("agency"),
  version: z.string(),
  instanceId: z.string(),
  roles: z.array(z.string()),
  startedAt: z.iso.datetime(),
  database: z.enum(["embedded", "external"]),
  counts: z.record(z.string(), z.number()).describe("Tasks by state."),
  settings: z.array(settingSchema),
  checks: z.array(checkSchema),
});
export type Status = z.infer<typeof statusSchema>;
