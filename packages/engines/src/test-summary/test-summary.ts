import { parseCargo, parseGo } from "./compiled-runners.ts";
import { parseJest, parseMocha, parseNodeTest, parseVitest } from "./javascript-runners.ts";
import { parsePytest } from "./pytest-runner.ts";

export interface TestSummary {
  passed: number;
  failed: number;
  skipped: number;
  durationMs?: number;
}

/** Reads the closing lines of one test runner; undefined when they are not there. */
export type SummaryParser = (lines: readonly string[], command: string) => TestSummary | undefined;

const PARSERS: readonly SummaryParser[] = [
  parseNodeTest,
  parseVitest,
  parseJest,
  parsePytest,
  parseCargo,
  parseGo,
  parseMocha,
];

/** Runners say their totals last, and an agent's output may be long. */
const TAIL_CHARS = 64 * 1024;
const ANSI = /\u001B\[[0-9;]*[A-Za-z]/gu;

/** What a command's output says about tests that ran; undefined when it says nothing of the kind. */
export function readTestSummary(output: string, command: string): TestSummary | undefined {
  const lines = output.slice(-TAIL_CHARS).replace(ANSI, "").split(/\r?\n/u);
  for (const parse of PARSERS) {
    const summary = parse(lines, command);
    if (summary !== undefined) return summary;
  }
  return undefined;
}
