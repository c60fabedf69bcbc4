import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { runCli } from "../run-cli.ts";
import type { World } from "../world.ts";
import { NOW } from "./builders.ts";
import { KEY } from "./fake-api.ts";
import { fakeProcesses } from "./fake-processes.ts";

class Captured extends Writable {
  text = "";
  isTTY = false;
  columns = 80;
  /** Resolves when the text contains something. */
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    for (const look of this.#waiting) look();
    done();
  }

  shows(part: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.text.includes(part)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** Time stands still; sleeps last until the test lets them pass, or not at all. */
class TestClock {
  nowMs = NOW;
  /** How far time moves at each look at the clock. */
  stepMs = 0;
  sleeps: "pass" | "hold" = "pass";
  readonly #held = new Set<() => void>();
  readonly #ticks = new Set<() => void>();

  readonly now = () => (this.nowMs += this.stepMs);
  readonly sleep = (_ms: number, signal?: AbortSignal): Promise<void> => {
    // A real turn of the event loop, so that loops around sleeps let the sockets speak.
    if (this.sleeps === "pass") return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      this.#held.add(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  };
  readonly every = (_ms: number, callback: () => void) => {
    this.#ticks.add(callback);
    return () => void this.#ticks.delete(callback);
  };

  release(): void {
    for (const resolve of this.#held) resolve();
    this.#held.clear();
  }

  tick(): void {
    for (const callback of this.#ticks) callback();
  }
}

interface Given {
  env?: Record<string, string>;
  terminal?: boolean;
  columns?: number;
  stdin?: string;
  world?: Partial<World>;
}

/** One command line in this process, with everything around it in the hands of the test. */
export function testCli(given: Given = {}) {
  const home = mkdtempSync(join(tmpdir(), "agency-cli-"));
  const stdout = new Captured();
  const stderr = new Captured();
  stdout.isTTY = stderr.isTTY = given.terminal ?? false;
  stdout.columns = given.columns ?? 80;
  const clock = new TestClock();
  const interrupts = new Set<() => void>();
  const stdin: World["stdin"] = Readable.from(given.stdin === undefined ? [] : [Buffer.from(given.stdin)]);
  stdin.isTTY = given.terminal ?? false;
  const world: World = {
    env: { AGENCY_HOME: home, ...given.env },
    cwd: home,
    uid: 1000,
    userHome: home,
    tempDir: home,
    platform: "linux",
    nodeVersion: "26.0.0",
    stdin,
    stdout,
    stderr,
    clock,
    processes: fakeProcesses(),
    installRoot: "/opt/agency",
    serverEntry: "/opt/agency/apps/server/src/main.ts",
    version: "1.2.3",
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => void interrupts.delete(listener);
    },
    ...given.world,
  };
  return {
    home,
    world,
    clock,
    stdout,
    stderr,
    run: (...argv: string[]) => runCli(argv, world),
    pressCtrlC: () => {
      for (const listener of interrupts) listener();
    },
    /** Nobody listens for Ctrl-C any more: the next one would end the process. */
    get deaf() {
      return interrupts.size === 0;
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** The environment of a command line that talks to a test server. */
export const envFor = (api: { url: string }) => ({ AGENCY_URL: api.url, AGENCY_API_KEY: KEY });

/** What a running server leaves in its data folder. */
export function writeInstance(
  home: string,
  instance: { pid: number; url: string; startedAt?: string },
): void {
  mkdirSync(home, { recursive: true });
  const startedAt = instance.startedAt ?? new Date(NOW).toISOString();
  writeFileSync(join(home, "instance.json"), JSON.stringify({ version: "0.1.0", ...instance, startedAt }), {
    mode: 0o600,
  });
  writeFileSync(join(home, "api-key"), `${KEY}\n`, { mode: 0o600 });
}
