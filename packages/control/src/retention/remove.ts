import { AgencyError } from "@agency/contract";
import type { Provider, Removal, RemovalStore, SandboxRecord, Storage } from "@agency/core";

const ROWS_AT_ONCE = 5_000;
const SANDBOX_MS = 30_000;
/** Another server takes one up after this; at a million events it is done by then. */
const TAKEN_MS = 5 * 60_000;
const MOST_AT_ONCE = 100;

export interface RemoveDeps {
  removals: RemovalStore;
  storage: Pick<Storage, "deletePrefix">;
  providers: ReadonlyMap<string, Pick<Provider, "destroy" | "discard">>;
}

/**
 * Everything a removal names, each step as often as it takes; only when nothing is left the removal itself goes. What
 * we hold ourselves goes first: a provider that is away keeps back no more than its sandbox.
 */
export async function carryOut(deps: RemoveDeps, removal: Removal, signal: AbortSignal): Promise<void> {
  const { taskId, part, sandboxes } = removal;
  while ((await deps.removals.removeEvents(taskId, ROWS_AT_ONCE)) > 0) signal.throwIfAborted();
  await deps.storage.deletePrefix(part === "task" ? `tasks/${taskId}` : `tasks/${taskId}/events`);
  for (const sandbox of sandboxes) await discard(deps, sandbox, signal);
  await deps.removals.done(removal);
}

/** What a server that died, or a provider that was away, left over; returns how many it finished. */
export async function finishRemovals(deps: RemoveDeps, signal: AbortSignal): Promise<number> {
  let finished = 0;
  let failure: { error: unknown } | null = null;
  for (let turn = 0; turn < MOST_AT_ONCE && !signal.aborted; turn += 1) {
    const removal = await deps.removals.take(TAKEN_MS);
    if (removal === null) break;
    try {
      await carryOut(deps, removal, signal);
      finished += 1;
    } catch (error) {
      // It is due again later; the others must not wait for it.
      failure ??= { error };
    }
  }
  if (failure !== null) throw failure.error;
  return finished;
}

/** A sandbox that was kept for people still runs. */
async function discard(
  { providers }: RemoveDeps,
  { ref, state, provider: id }: SandboxRecord,
  signal: AbortSignal,
): Promise<void> {
  const provider = providers.get(id);
  if (ref === null) return;
  if (provider === undefined)
    throw new AgencyError(
      "unavailable",
      `The sandbox of a deleted task is at "${id}", which is not set up.`,
      {
        next: "Set the provider up again: what is left there goes then.",
      },
    );
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SANDBOX_MS)]);
  if (state !== "deleted" && state !== "discarded") await provider.destroy(ref, limit);
  await provider.discard(ref, limit);
}
