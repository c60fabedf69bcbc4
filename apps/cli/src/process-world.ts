import { homedir, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { processes } from "./processes.ts";
import { readVersion } from "./version.ts";
import type { CliClock, World } from "./world.ts";

const installRoot = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

export function processWorld(): World {
  return {
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? -1,
    userHome: homedir(),
    tempDir: tmpdir(),
    platform: process.platform,
    nodeVersion: process.versions.node,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: wallClock,
    processes,
    installRoot,
    serverEntry: `${installRoot}/apps/server/src/main.ts`,
    version: readVersion(),
    onInterrupt: (listener) => {
      process.on("SIGINT", listener);
      return () => process.off("SIGINT", listener);
    },
  };
}

const wallClock: CliClock = {
  now: Date.now,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      if (signal?.aborted === true) done();
      function done() {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    }),
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};
