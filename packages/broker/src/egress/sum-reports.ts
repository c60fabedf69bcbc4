import type { EventOf } from "@agency/contract";
import type { Alike } from "../reports/thin-reports.ts";

export type NetworkReport = EventOf<"network">["data"];

export const alikeConnections: Alike<NetworkReport> = {
  keyOf: ({ verdict, host, port }) => `${verdict} ${host} ${port}`,
  among(report) {
    // No host has this name: the space keeps it apart from what an agent can ask for.
    const others: NetworkReport = { ...report, host: "other hosts", port: 0 };
    delete others.address;
    return others;
  },
  merge: (sum, one) => ({
    ...sum,
    bytesIn: sum.bytesIn + one.bytesIn,
    bytesOut: sum.bytesOut + one.bytesOut,
    durationMs: Math.max(sum.durationMs, one.durationMs),
    count: sum.count + one.count,
  }),
};
