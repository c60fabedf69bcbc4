import { execFile } from "node:child_process";
import type { Clock, Engine } from "@agency/core";
import { ClaudeRun } from "./claude-run.ts";
import { writeSession } from "./session-files.ts";

const PROBE_MS = 10_000;
/** A turn adds about 8 KB; this is thousands of them. */
const MAX_SESSION_BYTES = 64 * 1024 * 1024;

export interface ClaudeEngineOptions {
  /** The Claude Code program; nothing is looked for beside the source, which may be bundled. */
  executable: string;
  clock: Clock;
  maxSessionBytes?: number;
}

export function createClaudeEngine(options: ClaudeEngineOptions): Engine {
  const { executable, clock, maxSessionBytes = MAX_SESSION_BYTES } = options;
  return {
    id: "claude",
    title: "Claude Code",
    capabilities: {
      resume: "native",
      interrupt: "soft",
      midTurnInput: true,
      fileChanges: "structured",
      deltas: true,
      pause: "model",
      toolGate: "every-call",
      questions: true,
      vendors: ["anthropic"],
    },
    probe: () => probe(executable),
    importSession: (bundle, { home }) => writeSession(home, bundle, maxSessionBytes),
    start: (first, start) => new ClaudeRun({ executable, clock, maxSessionBytes }, first, start),
  };
}

function probe(executable: string): Promise<{ version: string | null; problems: string[] }> {
  return new Promise((resolve) => {
    // Nothing of ours: the program is asked for its version only.
    execFile(executable, ["--version"], { env: {}, timeout: PROBE_MS }, (error, stdout) => {
      const version = /^\d+\.\d+\.\d+\S*/u.exec(stdout.trim())?.[0] ?? null;
      if (version !== null) return resolve({ version, problems: [] });
      const why = error === null ? `it printed ${JSON.stringify(stdout.slice(0, 100))}` : error.message;
      const problem = `Claude Code at ${executable} did not tell its version: ${why}. Run the set-up again to install it.`;
      resolve({ version, problems: [problem] });
    });
  });
}
