import type { Provider, ProviderContext, SandboxObservation, SandboxRef, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";

type Operation = "create" | "observe" | "list" | "destroy" | "discard" | "console";

/** A place where an operation stands still until the test lets it go on. */
export interface Gate {
  /** Resolves when the operation has arrived. */
  readonly reached: Promise<void>;
  open(): void;
}

export interface MemorySandbox {
  readonly installId: string;
  readonly spec: SandboxSpec;
  readonly ref: SandboxRef;
  readonly createdAt: string;
  ending: Pick<SandboxObservation, "reason" | "exitCode"> | null;
  console: string;
}

/** The "machine" on which memory sandboxes live: it outlasts the providers that use it, as a real one does. */
export interface MemoryGround {
  readonly sandboxes: Map<string, MemorySandbox>;
  /** How often a runner was started, by native id. Never falls, also when the sandbox is discarded. */
  readonly starts: Map<string, number>;
  /** The runner ends by itself. */
  exit(nativeId: string, exitCode: number): void;
  /** The sandbox is taken away by something that is not the provider. */
  lose(nativeId: string): void;
  print(nativeId: string, text: string): void;
  /** The next call of this operation, by whatever provider, fails with this before it does anything. */
  failNext(operation: Operation, error: ProviderError): void;
  /** The next call of this operation did its work, but its caller sees this error. */
  loseAnswer(operation: Operation, error: ProviderError): void;
  holdNext(operation: Operation): Gate;
}

export interface MemoryProviderOptions {
  readonly ground?: MemoryGround;
  readonly installId?: string;
  readonly now?: () => number;
  /** What the runner would do: called once for each sandbox that starts. */
  readonly onStart?: (sandbox: MemorySandbox) => void;
}

interface Turbulence {
  readonly operation: Operation;
  readonly when: "before" | "after";
  readonly act: () => Promise<void>;
}

const GROUNDS = new WeakMap<MemoryGround, Turbulence[]>();

export function createMemoryGround(): MemoryGround {
  const sandboxes = new Map<string, MemorySandbox>();
  const turbulence: Turbulence[] = [];
  const fail = (error: ProviderError) => async (): Promise<void> => {
    throw error;
  };
  const find = (nativeId: string): MemorySandbox => {
    const sandbox = sandboxes.get(nativeId);
    if (sandbox === undefined) throw new Error(`no sandbox ${nativeId} on this ground`);
    return sandbox;
  };
  const end = (nativeId: string, ending: MemorySandbox["ending"]): void => {
    find(nativeId).ending ??= ending;
  };
  const ground: MemoryGround = {
    sandboxes,
    starts: new Map(),
    exit: (nativeId, exitCode) => end(nativeId, { reason: "exit", exitCode }),
    lose: (nativeId) => end(nativeId, { reason: "unknown" }),
    print: (nativeId, text) => void (find(nativeId).console += text),
    failNext: (operation, error) => void turbulence.push({ operation, when: "before", act: fail(error) }),
    loseAnswer: (operation, error) => void turbulence.push({ operation, when: "after", act: fail(error) }),
    holdNext: (operation) => {
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      const act = async (): Promise<void> => {
        reached.resolve();
        await opened.promise;
      };
      turbulence.push({ operation, when: "before", act });
      return { reached: reached.promise, open: opened.resolve };
    },
  };
  GROUNDS.set(ground, turbulence);
  return ground;
}

/** A provider whose sandboxes are entries of a map. It keeps every promise of the port except to run anything. */
export function createMemoryProvider(
  options: MemoryProviderOptions = {},
): Provider & { ground: MemoryGround } {
  const ground = options.ground ?? createMemoryGround();
  const world: World = {
    ground,
    installId: options.installId ?? "memory",
    now: options.now ?? Date.now,
    onStart: options.onStart,
  };
  return {
    ground,
    id: "memory",
    title: "Memory",
    capabilities: () =>
      Promise.resolve({
        start: "exec",
        ttl: "guest",
        isolation: "os",
        limits: { memory: "not held", pids: "not held", cpu: "not held", disk: "not held" },
      }),
    check: () => Promise.resolve([{ id: "memory.run", level: "ok", detail: "Nothing is really run." }]),
    create: (spec, context) => through(ground, "create", () => create(world, spec, context)),
    observe: (ref) => through(ground, "observe", () => Promise.resolve(observe(ground, ref))),
    list: () => list(world),
    destroy: (ref) => through(ground, "destroy", () => Promise.resolve(destroy(ground, ref))),
    discard: (ref) =>
      through(ground, "discard", () => {
        destroy(ground, ref);
        ground.sandboxes.delete(ref.nativeId);
        return Promise.resolve();
      }),
    console: (ref) =>
      through(ground, "console", () => Promise.resolve(ground.sandboxes.get(ref.nativeId)?.console ?? "")),
    workspace: () => null,
  };
}

interface World {
  readonly ground: MemoryGround;
  readonly installId: string;
  readonly now: () => number;
  readonly onStart: ((sandbox: MemorySandbox) => void) | undefined;
}

async function through<T>(ground: MemoryGround, operation: Operation, work: () => Promise<T>): Promise<T> {
  await meet(ground, operation, "before");
  const result = await work();
  await meet(ground, operation, "after");
  return result;
}

async function meet(ground: MemoryGround, operation: Operation, when: Turbulence["when"]): Promise<void> {
  const waiting = GROUNDS.get(ground) ?? [];
  const index = waiting.findIndex((next) => next.operation === operation && next.when === when);
  if (index === -1) return;
  const [next] = waiting.splice(index, 1);
  await next?.act();
}

async function create(world: World, spec: SandboxSpec, context: ProviderContext): Promise<SandboxRef> {
  checkSpec(spec, world.now());
  const ref: SandboxRef = { provider: "memory", nativeId: `${spec.id}.${spec.generation}` };
  fence(world.ground, spec);
  if (world.ground.sandboxes.has(ref.nativeId)) {
    await context.onRef(ref);
    return ref;
  }
  if (context.signal.aborted) throw new ProviderError("transient", "creating the sandbox was called off");
  const sandbox: MemorySandbox = {
    installId: world.installId,
    spec,
    ref,
    createdAt: new Date(world.now()).toISOString(),
    ending: null,
    console: "",
  };
  world.ground.sandboxes.set(ref.nativeId, sandbox);
  try {
    await context.onRef(ref);
  } catch (error) {
    world.ground.sandboxes.delete(ref.nativeId);
    throw error;
  }
  world.ground.starts.set(ref.nativeId, (world.ground.starts.get(ref.nativeId) ?? 0) + 1);
  world.onStart?.(sandbox);
  return ref;
}

function checkSpec(spec: SandboxSpec, now: number): void {
  const { cpus, ...whole } = spec.resources;
  const wrong = !/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/u.test(spec.id)
    ? "id"
    : !Object.values(whole).every((value) => Number.isSafeInteger(value) && value > 0) || !(cpus > 0)
      ? "resources"
      : !(Date.parse(spec.deadlineAt) > now)
        ? "deadline"
        : null;
  if (wrong !== null) throw new ProviderError("invalid", `the ${wrong} of the sandbox ${spec.id} cannot be`);
}

function fence(ground: MemoryGround, spec: SandboxSpec): void {
  for (const other of ground.sandboxes.values()) {
    if (other.spec.id !== spec.id) continue;
    if (other.spec.generation > spec.generation) {
      throw new ProviderError(
        "conflict",
        `generation ${other.spec.generation} of the sandbox ${spec.id} exists`,
      );
    }
    if (other.spec.generation < spec.generation) destroy(ground, other.ref);
  }
}

function observe(ground: MemoryGround, ref: SandboxRef): SandboxObservation {
  const sandbox = ground.sandboxes.get(ref.nativeId);
  return sandbox === undefined ? { ref, phase: "gone", reason: "unknown" } : observed(sandbox);
}

function observed({ ref, spec, createdAt, ending }: MemorySandbox): SandboxObservation {
  const known = { ref, createdAt, sandboxId: spec.id, generation: spec.generation };
  return ending === null ? { ...known, phase: "running" } : { ...known, phase: "gone", ...ending };
}

async function* list(world: World): AsyncIterable<SandboxObservation> {
  await meet(world.ground, "list", "before");
  const mine = [...world.ground.sandboxes.values()].filter(
    (sandbox) => sandbox.installId === world.installId,
  );
  yield* mine.map(observed);
}

function destroy(ground: MemoryGround, ref: SandboxRef): void {
  if (ref.provider !== "memory")
    throw new ProviderError("invalid", `"${ref.provider}" is not the memory provider`);
  const sandbox = ground.sandboxes.get(ref.nativeId);
  if (sandbox !== undefined) sandbox.ending ??= { reason: "killed" };
}
