import { randomUUID } from "node:crypto";
import type { SandboxSpec } from "@agency/core";

const MIB = 1024 * 1024;
const HOUR_MS = 60 * 60 * 1000;

/** A small sandbox nobody asked for yet. */
export function sandboxSpec(overrides: Partial<SandboxSpec> = {}): SandboxSpec {
  const deadlineAt = new Date(Date.now() + HOUR_MS).toISOString();
  return {
    id: randomUUID(),
    generation: 1,
    labels: { purpose: "test" },
    deadlineAt,
    resources: { memoryBytes: 512 * MIB, pids: 128, cpus: 1, tmpBytes: 16 * MIB, fileBytes: 64 * MIB },
    bootstrap: {
      v: 1,
      taskId: randomUUID(),
      epoch: 1,
      token: "not-a-secret",
      doorDir: "/nowhere",
      deadlineAt,
    },
    ...overrides,
  };
}
