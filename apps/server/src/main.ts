import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { isAgencyError } from "@agency/contract";

// Type stripping and compiling are half of the start-up time; the cache makes the second start quick. It lies
// beside the code: in the shared temporary folder another user could plant something for a server of root's.
enableCompileCache(fileURLToPath(new URL("../../../node_modules/.cache/agency-server", import.meta.url)));
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
// Everything is closed. What still waits, such as a request to a bucket that says nothing, has nobody to tell any more.
process.exit();
