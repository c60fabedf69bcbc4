import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ProviderError } from "@agency/core";

const run = promisify(execFile);
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/**
 * Removes what a hostile program wrote, after it has ended: the system's own rm walks by descriptor,
 * so it follows no link and takes trees deeper than the longest path.
 */
export async function removeTree(paths: readonly string[], signal: AbortSignal): Promise<void> {
  if (await tryRemove(paths, signal)) return;
  // Folders the program closed to itself: root passes them, an ordinary user has to open them first.
  await run("chmod", ["-R", "u+rwx", "--", ...paths], { env: ENVIRONMENT, signal }).catch(() => undefined);
  if (await tryRemove(paths, signal)) return;
  throw new ProviderError(
    "transient",
    `${paths.join(" and ")} could not be removed: discard the sandbox again`,
  );
}

async function tryRemove(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
  return run("rm", ["-rf", "--one-file-system", "--", ...paths], { env: ENVIRONMENT, signal }).then(
    () => true,
    () => false,
  );
}
