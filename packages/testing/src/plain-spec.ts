import { DEFAULT_LIMITS } from "@agency/contract";
import type { TaskSpec } from "@agency/core";

/** What a task asks for that asks for nothing in particular. */
export const PLAIN_SPEC: TaskSpec = {
  limits: DEFAULT_LIMITS,
  network: "none",
  allowInternalNetwork: false,
  repository: null,
  repositories: [],
  approve: "none",
  commandPolicy: { allow: [], deny: [] },
  questions: true,
  onBudget: "wait",
  onUsageLimit: "next",
  project: null,
  deliver: "files",
  commits: "squash",
  pullRequest: null,
  checks: [],
  artifacts: [],
  resume: null,
  keepMs: null,
  upload: null,
  review: null,
  env: {},
  command: null,
  demo: false,
};
