import type { Clock } from "@agency/core";
import type { ChildResult } from "../process/run-child.ts";

/** From the first failure on: by then a control plane that was started again answers. */
const PATIENCE_MS = 60_000;
const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * What git says of a connection that broke off, and the status our forwarder gives when its own did. A host that cannot
 * be reached or refuses is the broker's 502 or less, and asking it again would only take longer.
 */
const CUT =
  /requested URL returned error: 503|RPC failed; HTTP 503|RPC failed; curl (?:18|52|55|56|92)\b|Empty reply from server|early EOF|unexpected disconnect while reading sideband|remote end hung up unexpectedly/i;

/**
 * The control plane may be started again at any time, and everything git does with a host goes through it. Cloning,
 * fetching and pushing end where they would have ended the first time, so what was cut is simply done again.
 */
export async function againWhenCut(
  run: () => Promise<ChildResult>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ChildResult> {
  let until: number | null = null;
  for (let failures = 0; ; failures += 1) {
    const result = await run();
    until ??= clock.now() + PATIENCE_MS;
    if (!wasCut(result) || signal.aborted || clock.now() >= until) return result;
    await clock.sleep(Math.min(FIRST_MS * 2 ** failures, LONGEST_MS), signal);
  }
}

function wasCut({ ended, code, stderr }: ChildResult): boolean {
  return ended === "exit" && code !== 0 && CUT.test(stderr);
}
