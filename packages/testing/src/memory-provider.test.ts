import { ProviderError } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createMemoryGround, createMemoryProvider } from "./memory-provider.ts";
import { sandboxSpec } from "./sandbox-spec.ts";
import { providerSuite } from "./suites/provider.suite.ts";

const signal = new AbortController().signal;
const quiet = { signal, onRef: () => Promise.resolve() };

providerSuite("memory", () => {
  const ground = createMemoryGround();
  return Promise.resolve({
    provider: createMemoryProvider({ ground }),
    reopened: createMemoryProvider({ ground }),
    stranger: createMemoryProvider({ ground, installId: "stranger" }),
    exit: async (ref, code) => ground.exit(ref.nativeId, code),
    lose: async (ref) => ground.lose(ref.nativeId),
    starts: async (ref) => ground.starts.get(ref.nativeId) ?? 0,
    print: async (ref, line) => ground.print(ref.nativeId, `${line}\n`),
    dispose: () => Promise.resolve(),
  });
});

describe("the memory provider's ground", () => {
  it("fails the next call of one operation, once, before it does anything", async () => {
    const provider = createMemoryProvider();
    provider.ground.failNext("create", new ProviderError("quota", "no more today"));
    const spec = sandboxSpec();
    await expect(provider.create(spec, quiet)).rejects.toThrow("no more today");
    expect(provider.ground.sandboxes.size).toBe(0);
    await provider.create(spec, quiet);
    expect(provider.ground.sandboxes.size).toBe(1);
  });

  it("loses an answer after the work was done", async () => {
    const provider = createMemoryProvider();
    provider.ground.loseAnswer("create", new ProviderError("unknown-outcome", "the line broke"));
    await expect(provider.create(sandboxSpec(), quiet)).rejects.toThrow("the line broke");
    expect(provider.ground.sandboxes.size).toBe(1);
  });

  it("holds an operation until the gate opens", async () => {
    const provider = createMemoryProvider();
    const gate = provider.ground.holdNext("create");
    const creating = provider.create(sandboxSpec(), quiet);
    await gate.reached;
    expect(provider.ground.sandboxes.size).toBe(0);
    gate.open();
    await creating;
    expect(provider.ground.sandboxes.size).toBe(1);
  });

  it("tells the test of each runner that starts", async () => {
    const started: string[] = [];
    const provider = createMemoryProvider({ onStart: ({ spec }) => started.push(spec.id) });
    const spec = sandboxSpec();
    await provider.create(spec, quiet);
    await provider.create(spec, quiet);
    expect(started).toEqual([spec.id]);
  });
});
