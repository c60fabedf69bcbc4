import { checkSchema } from "@agency/contract";
import type { Provider, ProviderContext, SandboxObservation, SandboxRef, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sandboxSpec } from "../sandbox-spec.ts";

/** One provider on ground of its own, with a hand on what runs there. */
export interface ProviderUnderTest {
  readonly provider: Provider;
  /** What a restarted server would have: a new provider over the same ground. */
  readonly reopened: Provider;
  /** Another installation on the same ground. */
  readonly stranger: Provider;
  /** The runner ends by itself with this code. Resolves when that has happened. */
  readonly exit: (ref: SandboxRef, code: number) => Promise<void>;
  /** The sandbox is killed by something that is not the provider. */
  readonly lose: (ref: SandboxRef) => Promise<void>;
  /** How often a runner has begun in this sandbox. */
  readonly starts: (ref: SandboxRef) => Promise<number>;
  /** The runner prints a line. */
  readonly print: (ref: SandboxRef, line: string) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const signal = new AbortController().signal;

/** What every provider promises (ports/provider.ts). A difference is a bug in the provider, or in the port. */
export function providerSuite(name: string, make: () => Promise<ProviderUnderTest>): void {
  describe(`the ${name} provider keeps the promises of the port`, () => {
    let under: ProviderUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(async () => {
      await under.dispose();
    });
    creation(() => under);
    refusals(() => under);
    observation(() => under);
    ending(() => under);
  });
}

type Given = () => ProviderUnderTest;

function creation(given: Given): void {
  it("hands out the native id before it is done, and the same one in the end", async () => {
    const known: SandboxRef[] = [];
    const { provider } = given();
    const ref = await provider.create(sandboxSpec(), {
      signal,
      onRef: async (early) => void known.push(early),
    });
    expect(known).toEqual([ref]);
    expect(ref.provider).toBe(provider.id);
  });

  it("has a runner running when create resolves", async () => {
    const { provider, starts } = given();
    const spec = sandboxSpec();
    const ref = await provider.create(spec, quiet());
    const seen = await provider.observe(ref, signal);
    expect(seen).toMatchObject({ phase: "running", sandboxId: spec.id, generation: spec.generation, ref });
    expect(Date.parse(seen.createdAt ?? "")).not.toBeNaN();
    expect(await starts(ref)).toBe(1);
  });

  it("makes one sandbox when asked twice for the same generation", async () => {
    const { provider, starts } = given();
    const spec = sandboxSpec();
    const first = await provider.create(spec, quiet());
    const second = await provider.create(spec, quiet());
    expect(second).toEqual(first);
    expect(await starts(first)).toBe(1);
  });

  it("makes one sandbox when two creators ask at once", async () => {
    const { provider, reopened, starts } = given();
    const spec = sandboxSpec();
    const [first, second] = await Promise.all([
      provider.create(spec, quiet()),
      reopened.create(spec, quiet()),
    ]);
    expect(second).toEqual(first);
    expect(await starts(first)).toBe(1);
    expect(await collect(provider)).toHaveLength(1);
  });

  it("never starts an ended sandbox a second time", async () => {
    const { provider, exit, starts } = given();
    const spec = sandboxSpec();
    const ref = await provider.create(spec, quiet());
    await exit(ref, 0);
    expect(await provider.create(spec, quiet())).toEqual(ref);
    expect((await provider.observe(ref, signal)).phase).toBe("gone");
    expect(await starts(ref)).toBe(1);
  });

  it("ends the earlier generation when a later one is made", async () => {
    const { provider } = given();
    const spec = sandboxSpec();
    const earlier = await provider.create(spec, quiet());
    const later = await provider.create({ ...spec, generation: 2 }, quiet());
    expect(later).not.toEqual(earlier);
    expect((await provider.observe(earlier, signal)).phase).toBe("gone");
    expect((await provider.observe(later, signal)).phase).toBe("running");
  });
}

function refusals(given: Given): void {
  it("refuses a generation that was overtaken", async () => {
    const { provider } = given();
    const spec = sandboxSpec({ generation: 2 });
    const ref = await provider.create(spec, quiet());
    expect(await failureOf(provider.create({ ...spec, generation: 1 }, quiet()))).toBe("conflict");
    expect((await provider.observe(ref, signal)).phase).toBe("running");
  });

  it.each<[string, Partial<SandboxSpec>]>([
    ["an id that is a path", { id: "../escape" }],
    ["a deadline in the past", { deadlineAt: "2001-01-01T00:00:00.000Z" }],
    ["no memory", { resources: { ...sandboxSpec().resources, memoryBytes: 0 } }],
    ["a negative number of processes", { resources: { ...sandboxSpec().resources, pids: -1 } }],
  ])("refuses %s as invalid and makes nothing", async (_what, overrides) => {
    const { provider } = given();
    expect(await failureOf(provider.create(sandboxSpec(overrides), quiet()))).toBe("invalid");
    expect(await collect(provider)).toEqual([]);
  });

  it("leaves nothing when it is called off", async () => {
    const { provider } = given();
    const context: ProviderContext = { signal: AbortSignal.abort(), onRef: () => Promise.resolve() };
    expect(await failureOf(provider.create(sandboxSpec(), context))).toBe("transient");
    expect(await collect(provider)).toEqual([]);
  });

  it("leaves nothing when the native id could not be written down", async () => {
    const { provider } = given();
    const context: ProviderContext = {
      signal,
      onRef: () => Promise.reject(new Error("the database is away")),
    };
    await expect(provider.create(sandboxSpec(), context)).rejects.toThrow(/database is away/u);
    expect(await collect(provider)).toEqual([]);
  });

  it("refuses to destroy what belongs to another kind of provider", async () => {
    const { provider } = given();
    expect(await failureOf(provider.destroy({ provider: "elsewhere", nativeId: "x" }, signal))).toBe(
      "invalid",
    );
  });
}

function observation(given: Given): void {
  it("reports the exit code of a runner that ended by itself", async () => {
    const { provider, exit } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await exit(ref, 7);
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", reason: "exit", exitCode: 7 });
  });

  it("reports a sandbox that was taken away as gone, without an exit of its own", async () => {
    const { provider, lose } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await lose(ref);
    const seen = await provider.observe(ref, signal);
    expect(seen.phase).toBe("gone");
    expect(["killed", "unknown"]).toContain(seen.reason);
  });

  it("reports what never was as gone", async () => {
    const { provider } = given();
    const spec = sandboxSpec();
    const ref = await provider.create(spec, quiet());
    await provider.discard(ref, signal);
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", ref });
  });

  it("lists every sandbox of this installation, also to a restarted server, and none of another", async () => {
    const { provider, reopened, stranger, exit } = given();
    const running = await provider.create(sandboxSpec(), quiet());
    const ended = await provider.create(sandboxSpec(), quiet());
    const foreign = await stranger.create(sandboxSpec(), quiet());
    await exit(ended, 0);
    const seen = new Map((await collect(reopened)).map((entry) => [entry.ref.nativeId, entry.phase]));
    expect(seen).toEqual(
      new Map([
        [running.nativeId, "running"],
        [ended.nativeId, "gone"],
      ]),
    );
    expect((await collect(stranger)).map((entry) => entry.ref)).toEqual([foreign]);
  });

  it("keeps the runner's output", async () => {
    const { provider, print, exit } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await print(ref, "something to say");
    await exit(ref, 0);
    expect(await provider.console(ref, signal)).toContain("something to say");
  });

  it("says in words how each limit is held, and answers its checks", async () => {
    const { provider } = given();
    const { limits } = await provider.capabilities();
    for (const words of Object.values(limits)) expect(words).not.toBe("");
    const checks = await provider.check(signal);
    expect(checks.length).toBeGreaterThan(0);
    for (const check of checks) expect(checkSchema.parse(check)).toEqual(check);
  });
}

function ending(given: Given): void {
  it("has ended the runner when destroy resolves, and may be told twice, also at once", async () => {
    const { provider, reopened } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await Promise.all([provider.destroy(ref, signal), reopened.destroy(ref, signal)]);
    await provider.destroy(ref, signal);
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", reason: "killed" });
  });

  it("lets a restarted server destroy what an earlier one made", async () => {
    const { provider, reopened } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await reopened.destroy(ref, signal);
    expect((await provider.observe(ref, signal)).phase).toBe("gone");
  });

  it("keeps the reason of a runner that had ended before it was destroyed", async () => {
    const { provider, exit } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await exit(ref, 3);
    await provider.destroy(ref, signal);
    expect(await provider.observe(ref, signal)).toMatchObject({ reason: "exit", exitCode: 3 });
  });

  it("keeps a destroyed sandbox in the list until it is discarded", async () => {
    const { provider } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await provider.destroy(ref, signal);
    expect(await collect(provider)).toMatchObject([{ ref, phase: "gone" }]);
    await provider.discard(ref, signal);
    await provider.discard(ref, signal);
    expect(await collect(provider)).toEqual([]);
    expect(await provider.console(ref, signal)).toBe("");
  });

  it("ends a running sandbox when it is discarded", async () => {
    const { provider } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    await provider.discard(ref, signal);
    expect((await provider.observe(ref, signal)).phase).toBe("gone");
    expect(await collect(provider)).toEqual([]);
  });

  it("takes the end of what never was for done", async () => {
    const { provider } = given();
    const ref = await provider.create(sandboxSpec(), quiet());
    const never: SandboxRef = { ...ref, nativeId: ref.nativeId.replaceAll(/[0-9a-f]{4}/gu, "0000") };
    await provider.destroy(never, signal);
    await provider.discard(never, signal);
    expect((await provider.observe(ref, signal)).phase).toBe("running");
  });
}

function quiet(): ProviderContext {
  return { signal, onRef: () => Promise.resolve() };
}

async function collect(provider: Provider): Promise<SandboxObservation[]> {
  const seen: SandboxObservation[] = [];
  for await (const entry of provider.list(signal)) seen.push(entry);
  return seen;
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => "no failure",
    (error: unknown) => error,
  );
  return error instanceof ProviderError ? error.kind : String(error);
}
