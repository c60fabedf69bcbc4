import { countBefore, lastMatch, toMs, withDuration } from "./read-counts.ts";
import type { SummaryParser } from "./test-summary.ts";

/** `# pass 2` of the TAP reporter, `ℹ pass 2` of the spec reporter. */
export const parseNodeTest: SummaryParser = (lines, command) => {
  const said = (name: string): number | undefined => {
    const match = lastMatch(lines, new RegExp(`^(?:#|ℹ) ${name} (\\d{1,9}(?:\\.\\d+)?)$`, "u"));
    return match === undefined ? undefined : Number(match[1]);
  };
  const passed = said("pass");
  const failed = said("fail");
  if (passed === undefined || failed === undefined) return parsePlainTap(lines, command);
  const skipped = (said("skipped") ?? 0) + (said("todo") ?? 0);
  const duration = said("duration_ms");
  return withDuration(
    { passed, failed: failed + (said("cancelled") ?? 0), skipped },
    duration === undefined ? undefined : Math.round(duration),
  );
};

/** TAP without totals: the plan proves that it is TAP, the lines at the left edge are the tests. */
const parsePlainTap: SummaryParser = (lines) => {
  if (!lines.some((line) => /^1\.\.\d+\s*$/u.test(line))) return undefined;
  const results = lines.filter((line) => /^(?:not )?ok\b/u.test(line));
  const isSkipped = (line: string): boolean => /# (?:skip|todo)\b/iu.test(line);
  const ran = results.filter((line) => !isSkipped(line));
  if (results.length === 0) return undefined;
  return {
    passed: ran.filter((line) => line.startsWith("ok")).length,
    failed: ran.filter((line) => line.startsWith("not")).length,
    skipped: results.length - ran.length,
  };
};

/** `     Tests  1 failed | 3 passed | 1 skipped (5)` and `  Duration  1.21s`. */
export const parseVitest: SummaryParser = (lines) => {
  const totals = lastMatch(
    lines,
    /^\s+Tests\s+(\d+ (?:failed|passed|skipped|todo).{0,200})\(\d+\)\s*$/u,
  )?.[1];
  if (totals === undefined) return undefined;
  const duration = lastMatch(lines, /^\s+Duration\s+([\d.]{1,12})(ms|s|m)\b/u);
  return withDuration(
    {
      passed: countBefore(totals, "passed"),
      failed: countBefore(totals, "failed"),
      skipped: countBefore(totals, "skipped") + countBefore(totals, "todo"),
    },
    toMs(duration?.[1], duration?.[2]),
  );
};

/** `Tests:       1 failed, 2 skipped, 3 passed, 6 total` and `Time:        1.5 s`. */
export const parseJest: SummaryParser = (lines) => {
  const totals = lastMatch(lines, /^Tests:\s+(.{0,200}\d+ total)\s*$/u)?.[1];
  if (totals === undefined) return undefined;
  const duration = lastMatch(lines, /^Time:\s+([\d.]{1,12}) ?(ms|s|m)\b/u);
  return withDuration(
    {
      passed: countBefore(totals, "passed"),
      failed: countBefore(totals, "failed"),
      skipped: countBefore(totals, "skipped") + countBefore(totals, "todo"),
    },
    toMs(duration?.[1], duration?.[2]),
  );
};

/** `  3 passing (12ms)`, `  1 failing`, `  1 pending`. */
export const parseMocha: SummaryParser = (lines) => {
  const passing = lastMatch(lines, /^\s{2}(\d{1,9}) passing \((\d{1,9})(ms|s|m)\)\s*$/u);
  if (passing === undefined) return undefined;
  const counted = (word: string): number =>
    Number(lastMatch(lines, new RegExp(`^\\s{2}(\\d{1,9}) ${word}\\s*$`, "u"))?.[1] ?? 0);
  return withDuration(
    { passed: Number(passing[1]), failed: counted("failing"), skipped: counted("pending") },
    toMs(passing[2], passing[3]),
  );
};
