import { z } from "zod";

/**
 * none: nothing but the log. files: archive and patch. branch: also pushed to `agency/<task>/<slug>`. pr: also a pull
 * request.
 */
export const deliverSchema = z.enum(["none", "files", "branch", "pr"]);
export type Deliver = z.infer<typeof deliverSchema>;

export const commitsSchema = z.enum(["squash", "keep"]);

export const checkResultSchema = z.object({
  command: z.string(),
  passed: z.boolean(),
  exitCode: z.number().int().nullable(),
  durationMs: z.number().int().nonnegative(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

export const pullRequestSchema = z.object({ number: z.number().int(), url: z.string() });
export type PullRequest = z.infer<typeof pullRequestSchema>;
