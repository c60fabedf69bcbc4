import { toMs, withDuration } from "./read-counts.ts";
import type { SummaryParser } from "./test-summary.ts";

const CARGO =
  /^test result: (?:ok|FAILED)\. (\d{1,9}) passed; (\d{1,9}) failed; (\d{1,9}) ignored;.{0,80}finished in ([\d.]{1,12})s/u;

/** One line a test binary: `test result: ok. 3 passed; 1 failed; 0 ignored; ... finished in 0.02s`. */
export const parseCargo: SummaryParser = (lines) => {
  const results = lines.map((line) => CARGO.exec(line)).filter((match) => match !== null);
  if (results.length === 0) return undefined;
  const sum = (field: number): number => results.reduce((total, match) => total + Number(match[field]), 0);
  return withDuration({ passed: sum(1), failed: sum(2), skipped: sum(3) }, toMs(String(sum(4)), "s"));
};

/**
 * With -v a line a test. Without it Go names only failed tests and counts nothing, so packages are counted.
 * The lines are too plain to be trusted without the command.
 */
export const parseGo: SummaryParser = (lines, command) => {
  if (!/\bgo test\b/u.test(command)) return undefined;
  const tests = { PASS: 0, FAIL: 0, SKIP: 0 };
  const packages = { ok: 0, FAIL: 0 };
  for (const line of lines) {
    const test = /^--- (PASS|FAIL|SKIP): /u.exec(line)?.[1];
    if (test === "PASS" || test === "FAIL" || test === "SKIP") tests[test] += 1;
    const pack = /^(ok|FAIL)\s+\S+\s+(?:[\d.]+s|\(cached\)|\[build failed\])/u.exec(line)?.[1];
    if (pack === "ok" || pack === "FAIL") packages[pack] += 1;
  }
  if (tests.PASS > 0) return { passed: tests.PASS, failed: tests.FAIL, skipped: tests.SKIP };
  if (packages.ok + packages.FAIL === 0) return undefined;
  return { passed: packages.ok, failed: Math.max(packages.FAIL, tests.FAIL), skipped: tests.SKIP };
};
