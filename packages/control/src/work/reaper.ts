import type { AttemptStore, Logger, Provider, SandboxObservation } from "@agency/core";

export interface ReaperDeps {
  attempts: AttemptStore;
  providers: ReadonlyMap<string, Provider>;
  logger: Logger;
}

/**
 * Both directions: rows that should have no sandbox any more, and sandboxes of ours that no live attempt
 * needs. The row is written before the first call to a provider, so a sandbox without one is a leftover.
 */
export async function reap(deps: ReaperDeps, signal: AbortSignal): Promise<number> {
  let reaped = 0;
  for (const provider of deps.providers.values()) {
    reaped += await reapRows(deps, provider, signal);
    reaped += await reapLeftovers(deps, provider, signal);
  }
  return reaped;
}

async function reapRows(deps: ReaperDeps, provider: Provider, signal: AbortSignal): Promise<number> {
  const strays = await deps.attempts.strays(provider.id);
  for (const stray of strays) {
    if (stray.ref) await provider.destroy(stray.ref, signal);
    if (stray.ref && stray.discard) await provider.discard(stray.ref, signal);
    await deps.attempts.setSandbox(stray.id, stray.discard ? "discarded" : "deleted", stray.ref);
    deps.logger.info(
      { sandboxId: stray.id, taskId: stray.taskId },
      "destroyed a sandbox its task had left behind",
    );
  }
  return strays.length;
}

async function reapLeftovers(deps: ReaperDeps, provider: Provider, signal: AbortSignal): Promise<number> {
  const alive: SandboxObservation[] = [];
  for await (const seen of provider.list(signal))
    if (seen.phase !== "gone" && seen.sandboxId) alive.push(seen);
  const needed = await deps.attempts.needed(alive.flatMap((seen) => seen.sandboxId ?? []));
  let reaped = 0;
  for (const seen of alive) {
    if (seen.sandboxId === undefined || needed.has(seen.sandboxId)) continue;
    await provider.destroy(seen.ref, signal);
    deps.logger.info({ sandboxId: seen.sandboxId }, "destroyed a sandbox no live attempt needs");
    reaped += 1;
  }
  return reaped;
}
