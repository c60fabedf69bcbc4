import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { ScriptedEngine } from "./scripted-engine.ts";

/** An engine that is a real process with a child of its own, and ends only by a kill. */
export class ChildEngine extends ScriptedEngine {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor() {
    const child = spawn("/bin/sh", ["-c", "tail -f /dev/null & echo $!; wait"], {
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
      env: {},
    });
    super(() => undefined, { onInterrupt: () => undefined, onKill: () => this.#kill() });
    this.#child = child;
    this.#gone = once(child, "close");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when the process and its child have gone: both hold the pipe. */
  async gone(): Promise<void> {
    await this.#gone;
  }

  #kill(): void {
    process.kill(-this.pid, "SIGKILL");
    void this.#gone.then(async () => (await this.run).end({ outcome: "killed" }));
  }
}
