import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmod, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Check } from "@agency/contract";
import type { SandboxObservation, SandboxRef, SandboxSpec } from "@agency/core";
import { build } from "esbuild";
import type { LocalProviderOptions } from "../options.ts";
import { stageForEveryone } from "../staging.ts";

/** A server reduced to its local provider, which a test can kill or run as another user. */
const CREATOR = `
import { createLocalProvider } from "./provider.ts";
const nothing = () => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => logger };
const provider = createLocalProvider({ ...JSON.parse(process.argv[2]), logger });
const signal = new AbortController().signal;
const say = (message) => new Promise((resolve) => process.send(message, resolve));
const methods = {
  create: (spec) => provider.create(spec, { signal, onRef: (ref) => say({ ref }) }),
  createAndStopHalfway: (spec) => provider.create(spec, { signal, onRef: (ref) => say({ ref }).then(() => new Promise(nothing)) }),
  observe: (ref) => provider.observe(ref, signal),
  destroy: (ref) => provider.destroy(ref, signal),
  discard: (ref) => provider.discard(ref, signal),
  console: (ref) => provider.console(ref, signal),
  capabilities: () => provider.capabilities(),
  check: () => provider.check(signal),
  evaluate: (code) => new (async () => {}).constructor("require", code)(process.getBuiltinModule("node:module").createRequire("/")),
};
process.on("message", ({ id, method, argument }) => {
  methods[method](argument).then(
    (value) => say({ id, value: value ?? null }),
    (error) => say({ id, error: { kind: error.kind ?? null, message: String(error.message ?? error) } }),
  );
});
process.on("disconnect", () => process.exit());
say({ ready: true });
`;

interface Methods {
  create: { argument: SandboxSpec; value: SandboxRef };
  createAndStopHalfway: { argument: SandboxSpec; value: never };
  observe: { argument: SandboxRef; value: SandboxObservation };
  destroy: { argument: SandboxRef; value: null };
  discard: { argument: SandboxRef; value: null };
  console: { argument: SandboxRef; value: string };
  capabilities: { argument: null; value: { limits: Record<string, string> } };
  check: { argument: null; value: Check[] };
  evaluate: { argument: string; value: unknown };
}

export interface Creator {
  readonly pid: number;
  call<M extends keyof Methods>(method: M, argument: Methods[M]["argument"]): Promise<Methods[M]["value"]>;
  /** Resolves at the next native id that is handed out. */
  nextRef(): Promise<SandboxRef>;
  /** kill -9, and not before it is really gone. */
  kill(): Promise<void>;
}

export interface CreatorOptions {
  /** A user of this machine; root may name any. */
  readonly uid?: number;
  /** Words before node, such as `unshare --net`. */
  readonly wrapper?: readonly [string, ...string[]];
  /** A descriptor of the test that the creator is started with, under this number. */
  readonly inherited?: { readonly from: number; readonly as: number };
}

interface Message {
  readonly id?: number;
  readonly ref?: SandboxRef;
  readonly ready?: true;
  readonly value?: unknown;
  readonly error?: { kind: string | null; message: string };
}

/** The program lies in one file beside `base`, so that it runs also where the user cannot read this repository. */
export async function bundleCreator(base: string): Promise<string> {
  const outfile = join(base, "creator.mjs");
  const resolveDir = dirname(dirname(fileURLToPath(import.meta.url)));
  const stdin = { contents: CREATOR, resolveDir, loader: "ts" } as const;
  await build({ stdin, outfile, bundle: true, platform: "node", format: "esm", target: "node24" });
  await copyFile(join(resolveDir, "doctor", "canary.mjs"), join(base, "canary.mjs"));
  await chmod(outfile, 0o644);
  return outfile;
}

export async function startCreator(
  base: string,
  options: Omit<LocalProviderOptions, "logger">,
  how: CreatorOptions = {},
): Promise<Creator> {
  const bundle = await bundleCreator(base);
  const node = await stageForEveryone(
    join(base, "staged"),
    { name: "node", source: process.execPath, executable: true },
    0,
  );
  const runtime = { ...options.runtime, nodePath: node };
  const settings = JSON.stringify({ ...options, runtime, logger: null });
  const [program = node, ...words] = [...(how.wrapper ?? []), node];
  const args = [...words, bundle, settings];
  const child = spawn(program, args, { stdio: stdioOf(how), serialization: "json", ...userOf(how) });
  return converse(child);
}

function stdioOf(how: CreatorOptions): ("ignore" | "inherit" | "ipc" | number)[] {
  const stdio: ("ignore" | "inherit" | "ipc" | number)[] = ["ignore", "ignore", "inherit", "ipc"];
  if (how.inherited === undefined) return stdio;
  while (stdio.length < how.inherited.as) stdio.push("ignore");
  return [...stdio, how.inherited.from];
}

function userOf(how: CreatorOptions): { uid: number; gid: number } | object {
  return how.uid === undefined ? {} : { uid: how.uid, gid: how.uid };
}

async function converse(child: ChildProcess): Promise<Creator> {
  const open = new Map<number, (message: Message) => void>();
  const refs: ((ref: SandboxRef) => void)[] = [];
  const ready = Promise.withResolvers<void>();
  child.on("message", (message: Message) => {
    if (message.ready === true) ready.resolve();
    if (message.ref !== undefined) for (const tell of refs.splice(0)) tell(message.ref);
    if (message.id !== undefined) open.get(message.id)?.(message);
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("exit", () => ready.reject(new Error("the creator ended at its start")));
  await ready.promise;
  let last = 0;
  return {
    pid: child.pid ?? 0,
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        last += 1;
        open.set(last, ({ error, value }) => {
          if (error === undefined) resolve(value);
          else reject(Object.assign(new Error(error.message), { kind: error.kind }));
        });
        child.send({ id: last, method, argument });
      }),
    nextRef: () => new Promise((resolve) => refs.push(resolve)),
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
