import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ScriptedEngine } from "./scripted-engine.ts";
import type { ScriptedRun } from "./scripted-engine.ts";

export interface Remembering {
  readonly run: ScriptedRun;
  /** Adds a line to the transcript. */
  remember(text: string): void;
  /** All of the transcript, also what an earlier run wrote. */
  recall(): string;
}

/** A scripted engine with a transcript in its home that another run can take up. */
export function rememberingEngine(play: (mind: Remembering) => void): ScriptedEngine {
  const engine = new ScriptedEngine((run) => {
    const { home, resume, sessionId = "none" } = run.options;
    const id = resume?.sessionId ?? sessionId;
    const path = `.scripted/${id}.jsonl`;
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, "");
    run.exportSession = async () => ({
      sessionId: id,
      engineVersion: "1",
      files: [{ path, bytes: readFileSync(file) }],
    });
    play({
      run,
      remember: (text) => appendFileSync(file, `${text}\n`),
      recall: () => readFileSync(file, "utf8"),
    });
  });
  Object.assign(engine.capabilities, { resume: "native" });
  engine.importSession = async ({ files }, { home }) => {
    for (const { path, bytes } of files) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), bytes);
    }
  };
  return engine;
}
