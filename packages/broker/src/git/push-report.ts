import { FLUSH, pktLine } from "./pkt-line.ts";
import type { Refusals } from "./push-rules.ts";

/** What one line of a side band holds beside its length and its band. */
const BANDS = [
  ["side-band-64k", 65_515],
  ["side-band", 995],
] as const;

/**
 * A refusal as git itself writes one, so that the client prints the reason behind each ref. Null for a client
 * that asked for no report; it cannot be told this way.
 */
export function pushReport(refusals: Refusals, capabilities: ReadonlySet<string>): Buffer | null {
  if (!capabilities.has("report-status") && !capabilities.has("report-status-v2")) return null;
  const lines = refusals.map(({ ref, reason }) => pktLine(`ng ${ref} ${reason}\n`));
  const report = Buffer.concat([pktLine("unpack ok\n"), ...lines, FLUSH]);
  const [, room] = BANDS.find(([name]) => capabilities.has(name)) ?? [];
  if (room === undefined) return report;
  const banded: Buffer[] = [];
  for (let at = 0; at < report.length; at += room) {
    banded.push(pktLine(Buffer.concat([Buffer.from([1]), report.subarray(at, at + room)])));
  }
  return Buffer.concat([...banded, FLUSH]);
}
