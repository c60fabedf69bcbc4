import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalProvider } from "@agency/providers";
import type { LocalProviderOptions } from "@agency/providers";

const nothing = (): void => undefined;
const logger: LocalProviderOptions["logger"] = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => logger,
};

/**
 * Sandboxes outlive their server on purpose, so that the next one can go on with them. Here none comes: what was under
 * way when the server stopped, such as its own hidden probe of an engine, would run on in a folder that is removed.
 */
export async function discardSandboxes(home: string): Promise<void> {
  const installId = await readFile(join(home, "install-id"), "utf8").catch(() => null);
  if (installId === null) return;
  const provider = createLocalProvider({
    home: join(home, "sandboxes"),
    doorDir: join(home, "door"),
    installId: installId.trim(),
    runtime: { nodePath: process.execPath, runnerPath: "", enginePaths: {} },
    readOnlyPaths: [],
    readWritePaths: [],
    logger,
  });
  const signal = AbortSignal.timeout(30_000);
  for await (const { ref } of provider.list(signal)) await provider.discard(ref, signal);
}
