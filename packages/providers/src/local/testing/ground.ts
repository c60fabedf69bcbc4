import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { watch } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Logger, Provider, ProviderContext, SandboxRef } from "@agency/core";
import type { LocalProviderOptions } from "../options.ts";
import { createLocalProvider } from "../provider.ts";
import { refOf } from "../sandbox-folder.ts";

const run = promisify(execFile);

export const signal = new AbortController().signal;
export const quiet: ProviderContext = { signal, onRef: () => Promise.resolve() };
export const silence: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silence,
};

/** Carries out JavaScript that the test sends through the door, and sends back what it returned. */
const OBEDIENT_RUNNER = `
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { createInterface } from "node:readline";
appendFileSync("/workspace/starts", "started\\n");
const socket = connect("/run/agency/door/test");
const say = (message) => socket.write(JSON.stringify(message) + "\\n");
say({ hello: process.env.AGENCY_SANDBOX.split(":")[1] });
const require = createRequire("/workspace/");
const AsyncFunction = (async () => {}).constructor;
createInterface({ input: socket }).on("line", async (line) => {
  const { id, code } = JSON.parse(line);
  try {
    say({ id, value: await new AsyncFunction("require", code)(require) });
  } catch (error) {
    say({ id, error: String(error?.code ?? error) });
  }
});
`;

/** The same probe, carried out by an ordinary process of this machine: the positive control. */
const OUTSIDE = `
const AsyncFunction = (async () => {}).constructor;
new AsyncFunction("require", process.argv[1])(require).then(
  (value) => process.stdout.write(JSON.stringify({ value })),
  (error) => process.stdout.write(JSON.stringify({ error: String(error?.code ?? error) })),
);
`;

export interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** The inside of one sandbox. */
export interface Inside {
  run(code: string): Promise<Answer>;
  /** Resolves when the runner is dead. */
  readonly closed: Promise<void>;
}

/** A folder of its own with an uplink of its own: everything a local provider needs. */
export interface Ground {
  readonly base: string;
  readonly home: string;
  readonly options: LocalProviderOptions;
  provider(overrides?: Partial<LocalProviderOptions>): Provider;
  /** Resolves when the runner of this sandbox has come through the door. */
  inside(ref: SandboxRef): Promise<Inside>;
  readonly dispose: () => Promise<void>;
}

export async function createGround(): Promise<Ground> {
  const base = await mkdtemp(join(tmpdir(), "agency-local-"));
  // The sandboxes' users must pass here; mkdtemp makes it 0700.
  await chmod(base, 0o711);
  const doorDir = join(base, "door");
  await mkdir(doorDir, { mode: 0o755 });
  const runnerPath = join(base, "runner.mjs");
  await writeFile(runnerPath, OBEDIENT_RUNNER);
  const insides = new Meeting();
  const uplink = createServer((socket) => greet(socket, insides));
  await listen(uplink, join(doorDir, "test"));
  await chmod(join(doorDir, "test"), 0o666);
  const options: LocalProviderOptions = {
    home: join(base, "data", "sandboxes"),
    doorDir,
    installId: `test-${randomBytes(6).toString("hex")}`,
    runtime: { nodePath: process.execPath, runnerPath, enginePaths: {} },
    readOnlyPaths: [],
    readWritePaths: [],
    logger: silence,
  };
  const provider = (overrides: Partial<LocalProviderOptions> = {}): Provider =>
    createLocalProvider({ ...options, ...overrides });
  return {
    base,
    home: options.home,
    options,
    provider,
    inside: (ref) => insides.wait(ref.nativeId),
    dispose: async () => {
      const anybody = provider();
      const left = await readdir(options.home).catch(() => []);
      for (const name of left.filter((name) => !name.startsWith(".")))
        await anybody.discard(refOf(name), signal);
      insides.end();
      await new Promise((resolve) => uplink.close(resolve));
      // A creation that was refused early may still be staging its programs.
      await rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

export async function runOutside(code: string): Promise<Answer> {
  const { stdout } = await run(process.execPath, ["-e", OUTSIDE, code]);
  return toAnswer(stdout);
}

/** Resolves when the file is there and not empty; told by the kernel, not by asking again. */
export async function untilWritten(path: string): Promise<string> {
  const changes = watch(dirname(path));
  try {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        readFile(path, "utf8").then(
          (text) => {
            if (text !== "") resolve(text);
          },
          () => undefined,
        );
      };
      changes.on("change", look);
      changes.on("error", reject);
      look();
    });
  } finally {
    changes.close();
  }
}

/** Who came through the door, and who waits for whom. */
class Meeting {
  readonly #here = new Map<string, PromiseWithResolvers<Inside>>();
  readonly #sockets = new Set<Socket>();

  wait(name: string): Promise<Inside> {
    return this.#seat(name).promise;
  }

  arrive(name: string, inside: Inside): void {
    this.#seat(name).resolve(inside);
  }

  hold(socket: Socket): void {
    this.#sockets.add(socket);
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #seat(name: string): PromiseWithResolvers<Inside> {
    const seat = this.#here.get(name) ?? Promise.withResolvers<Inside>();
    this.#here.set(name, seat);
    return seat;
  }
}

function greet(socket: Socket, insides: Meeting): void {
  insides.hold(socket);
  const open = new Map<number, (answer: Answer) => void>();
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      for (const answer of open.values()) answer({ error: "the runner is gone" });
      resolve();
    });
  });
  socket.on("error", () => undefined);
  let last = 0;
  const ask = (code: string): Promise<Answer> =>
    new Promise((resolve) => {
      last += 1;
      open.set(last, resolve);
      socket.write(`${JSON.stringify({ id: last, code })}\n`);
    });
  createInterface({ input: socket }).on("line", (line) => {
    const message = JSON.parse(line) as { hello?: string; id?: number } & Answer;
    if (message.hello !== undefined) insides.arrive(message.hello, { run: ask, closed });
    if (message.id === undefined) return;
    open.get(message.id)?.(message);
    open.delete(message.id);
  });
}

function toAnswer(text: string): Answer {
  return JSON.parse(text) as Answer;
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
