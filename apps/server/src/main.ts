import { enableCompileCache } from "node:module";
import { isAgencyError } from "@agency/contract";

// Type stripping and compiling are half of the start-up time; the cache makes the second start quick.
enableCompileCache();
const { runServer } = await import("./run-server.ts");

try {
  process.exitCode = await runServer();
} catch (error) {
  process.exitCode = 1;
  const known = isAgencyError(error);
  const lines = known
    ? [`agency: ${error.message}`, ...(error.next === undefined ? [] : [error.next])]
    : [String(error)];
  process.stderr.write(`${lines.join("\n")}\n`);
  if (!known && error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`);
}
