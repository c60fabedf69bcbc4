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
  /** What was checked; missing where the check did not run at all. */
  commit: z.string().optional(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

export const pullRequestSchema = z.object({ number: z.number().int(), url: z.string() });
export type PullRequest = z.infer<typeof pullRequestSchema>;

/** Where the agent of a review leaves it. */
export const REVIEW_FILE = ".agency/review.json";

export const reviewCommentSchema = z.object({
  path: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^(?!\/)[^\p{Cc}]+$/u, "must be a relative path"),
  line: z.number().int().positive().max(10_000_000),
  side: z.enum(["old", "new"]).default("new"),
  body: z.string().trim().min(1),
});

/** Comments are judged one by one: a bad one must not cost the others. */
export const reviewFileSchema = z.object({
  body: z.string().default(""),
  comments: z.array(z.unknown()).default([]),
});
