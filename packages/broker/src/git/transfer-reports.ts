import type { Clock } from "@agency/core";
import { createAttemptReports } from "../reports/attempt-reports.ts";
import type { AttemptReports } from "../reports/attempt-reports.ts";
import type { Alike } from "../reports/thin-reports.ts";
import { MAX_UPDATES } from "./transfer.ts";
import type { GitTransfer, RefUpdate, ReportTransfer } from "./transfer.ts";

interface Counted {
  readonly transfer: GitTransfer;
  readonly count: number;
}

const alikeTransfers: Alike<Counted> = {
  keyOf: ({ transfer: { verdict, action, repository } }) => `${verdict} ${action} ${repository}`,
  among: (one) => (changesRefs(one.transfer) ? one : oneOfOthers(one)),
  merge: (sum, one) => {
    const { updates: before, ...rest } = sum.transfer;
    const updates = mergeUpdates(before, one.transfer.updates);
    const transfer = {
      ...rest,
      ...(updates === undefined ? {} : { updates }),
      bytesIn: rest.bytesIn + one.transfer.bytesIn,
      bytesOut: rest.bytesOut + one.transfer.bytesOut,
    };
    return { transfer, count: sum.count + one.count };
  },
};

/** What a task pushed must not be lost among other things: it is what its result is judged by. */
function changesRefs({ action, verdict }: GitTransfer): boolean {
  return action === "push" && verdict !== "denied";
}

function oneOfOthers({ transfer: { verdict, bytesIn, bytesOut }, count }: Counted): Counted {
  // No repository has this name: the space keeps it apart from what an agent can ask for.
  const [host, repository] = ["other hosts", "other repositories"];
  return { transfer: { host, repository, action: "fetch", verdict, bytesIn, bytesOut }, count };
}

/** Of each ref what became of it in the end. */
function mergeUpdates(
  before: readonly RefUpdate[] | undefined,
  after: readonly RefUpdate[] | undefined,
): readonly RefUpdate[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  const merged = new Map(before.map((update) => [update.ref, update]));
  for (const update of after) {
    const known = merged.get(update.ref);
    // What the host refused has changed nothing of what is known.
    if (known !== undefined && update.ok === false) continue;
    merged.set(update.ref, known?.ok === true ? { ...update, old: known.old } : update);
  }
  return merged.size > MAX_UPDATES ? undefined : [...merged.values()];
}

/** An agent can ask a thousand times a second for what it may not have, and git-lfs for as many objects. */
export function createTransferReports(clock: Clock, report: ReportTransfer): AttemptReports<GitTransfer> {
  const reports = createAttemptReports(clock, alikeTransfers, (caller, counted) =>
    report(caller, told(counted)),
  );
  return { ...reports, add: (caller, transfer) => reports.add(caller, { transfer, count: 1 }) };
}

function told({ transfer, count }: Counted): GitTransfer {
  if (count === 1) return transfer;
  const alike = `${count} alike within a second.`;
  return { ...transfer, reason: transfer.reason === undefined ? alike : `${transfer.reason} ${alike}` };
}
