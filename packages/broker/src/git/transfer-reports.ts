import type { Clock } from "@agency/core";
import { createAttemptReports } from "../reports/attempt-reports.ts";
import type { AttemptReports } from "../reports/attempt-reports.ts";
import type { Alike } from "../reports/thin-reports.ts";
import type { GitTransfer, ReportTransfer } from "./transfer.ts";

interface Counted {
  readonly transfer: GitTransfer;
  readonly count: number;
}

const alikeTransfers: Alike<Counted> = {
  keyOf: ({ transfer: { verdict, action, repository } }) => `${verdict} ${action} ${repository}`,
  among: ({ transfer: { verdict, bytesIn, bytesOut }, count }) => ({
    // No repository has this name: the space keeps it apart from what an agent can ask for.
    transfer: {
      host: "other hosts",
      repository: "other repositories",
      action: "fetch",
      verdict,
      bytesIn,
      bytesOut,
    },
    count,
  }),
  merge: (sum, one) => ({
    transfer: {
      ...sum.transfer,
      bytesIn: sum.transfer.bytesIn + one.transfer.bytesIn,
      bytesOut: sum.transfer.bytesOut + one.transfer.bytesOut,
    },
    count: sum.count + one.count,
  }),
};

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
