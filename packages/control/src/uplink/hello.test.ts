import { describe, expect, it } from "vitest";
import type { SupervisedTask, Vendor } from "@agency/core";
import { workOrderSchema } from "@agency/contract";
import { createTokens } from "../access/tokens.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
import { hello } from "./hello.ts";
import type { HelloDeps } from "./hello.ts";

const tokens = createTokens(new Uint8Array(32));
const taskId = "01a1fc53-118c-7da2-b70b-964436bafa70";
const SOURCE = "01a1fc53-118c-7da2-b70b-964436bafa79";
const attemptId = sampleTask().attempt?.id ?? "";
const starting: SupervisedTask = sampleTask({
  id: taskId,
  snapshot: {
    ...RUNNING,
    state: "starting",
    attempt: { epoch: 1, state: "provisioning", startedAt: null, outcome: null },
  },
});

const kept = {
  taskId: SOURCE,
  number: 4,
  turn: 2,
  base: "b",
  head: "h",
  branch: "main",
  commit: "c",
  sessionId: "s",
  engineVersion: "1",
  bytes: 10,
  sha256: "a".repeat(64),
};

async function greet(task: SupervisedTask, vendors: readonly Vendor[] = []) {
  const tasks = new MemoryTask(task);
  const access = { attemptId, taskId, accountId: "a", epoch: 1, taskEpoch: 1, live: true };
  const deps = {
    tasks,
    artifacts: {
      checkpoint: (id: string, number: number) =>
        Promise.resolve(id === SOURCE && number === 4 ? { ...kept, label: null, blob: "x", key: "k" } : null),
    },
    tokens,
    attempts: { find: () => Promise.resolve(access), burnBootToken: () => Promise.resolve(true) },
    credentials: {
      forModel: (_: object, vendor: Vendor) =>
        Promise.resolve(vendors.includes(vendor) ? [{ name: "X", kind: "api_key", value: "real-key" }] : []),
    },
    ownPrices: "{}",
    now: () => 0,
  } as unknown as HelloDeps;
  const token = tokens.issue("boot", attemptId);
  const input = { taskId, epoch: 1, token, runnerVersion: "1", pid: 1, nonce: "12345678" };
  return workOrderSchema.parse(await hello(deps, input));
}

describe("the work order", () => {
  it("says what the task may do and how its limits are kept", async () => {
    const order = await greet({
      ...starting,
      spec: {
        ...SPEC,
        approve: "commands",
        commandPolicy: { allow: [], deny: ["rm *"] },
        questions: false,
        onBudget: "stop",
        demo: true,
      },
    });
    expect(order).toMatchObject({
      approve: "commands",
      commandPolicy: { allow: [], deny: ["rm *"] },
      questions: false,
      onBudget: "stop",
      demo: true,
      limits: SPEC.limits,
    });
  });

  it("says what to hand back, and where", async () => {
    const repository = { url: "https://github.com/a/b" };
    const [checks, artifacts] = [["npm test"], ["dist/**"]];
    const order = await greet({
      ...starting,
      spec: { ...SPEC, repository, deliver: "branch", checks, artifacts },
    });
    expect(order).toMatchObject({
      title: "A small task",
      deliver: "branch",
      commits: "squash",
      pushBranch: `agency/${taskId}/a-small-task`,
      checks: ["npm test"],
      artifacts: ["dist/**"],
      restore: null,
    });
    expect((await greet(starting)).pushBranch).toBeNull();
  });

  it("says what to go on from, and comes not at all when that is gone", async () => {
    const resume = { taskId: SOURCE, checkpoint: 4, fork: true };
    const order = await greet({ ...starting, spec: { ...SPEC, resume } });
    expect(order.restore).toEqual({ ...kept, fork: true });
    const gone = greet({ ...starting, spec: { ...SPEC, resume: { ...resume, checkpoint: 5 } } });
    await expect(gone).rejects.toMatchObject({ code: "not_found" });
  });

  it("names each host of its repositories once", async () => {
    const order = await greet({
      ...starting,
      spec: {
        ...SPEC,
        repository: { url: "https://github.com/a/b" },
        repositories: [
          "https://github.com/c/d.git",
          "http://git.example.com:8080/e",
          "https://github.com:443/f",
        ],
      },
    });
    expect(order.gitHosts).toEqual(["https://github.com", "http://git.example.com:8080"]);
    expect((await greet(starting)).gitHosts).toEqual([]);
  });

  it("has placeholders for the vendors that the task can call, and no key", async () => {
    const anthropic = tokens.issue("anthropic", attemptId);
    const openai = tokens.issue("openai", attemptId);
    expect((await greet(starting)).modelKeys).toEqual({});
    expect((await greet(starting, ["openai"])).modelKeys).toEqual({ openai });
    const demo = { ...starting, spec: { ...SPEC, demo: true } };
    expect((await greet(demo)).modelKeys).toEqual({ anthropic, openai });
    const claude = { ...starting, engine: "claude" };
    expect((await greet(claude)).modelKeys).toEqual({ anthropic });
    expect(JSON.stringify(await greet(claude, ["anthropic"]))).not.toContain("real-key");
  });
});
