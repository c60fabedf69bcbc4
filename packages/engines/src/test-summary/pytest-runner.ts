import { countBefore, lastMatch, toMs, withDuration } from "./read-counts.ts";
import type { SummaryParser } from "./test-summary.ts";

const OUTCOME = "(?:passed|failed|skipped|errors?|xfailed|xpassed|deselected|warnings?|rerun)";
const TOTALS = new RegExp(`^=*\\s*(\\d+ ${OUTCOME}(?:, \\d+ ${OUTCOME})*) in ([\\d.]{1,12})s\\b`, "u");

/** `=== 1 failed, 2 passed, 1 skipped in 0.12s ===`; with -q the same without the rule around it. */
export const parsePytest: SummaryParser = (lines) => {
  const match = lastMatch(lines, TOTALS);
  const totals = match?.[1];
  if (match === undefined || totals === undefined) return undefined;
  return withDuration(
    {
      passed: countBefore(totals, "passed") + countBefore(totals, "xpassed"),
      failed: countBefore(totals, "failed") + countBefore(totals, "errors?"),
      skipped: countBefore(totals, "skipped") + countBefore(totals, "xfailed"),
    },
    toMs(match[2], "s"),
  );
};
