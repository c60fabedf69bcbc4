import type { Recorder } from "../journal/recorder.ts";

const MAX_OUTPUT_CHARS = 1024 * 1024;
const LAST_LINES = 10;
const LAST_CHARS = 2000;

export interface LoggedOutput {
  take(text: string): Promise<void>;
  /** The end of it, for a sentence on what went wrong. */
  last(): string;
}

/** What a program prints, in the log up to a bound. */
export function logOutput(recorder: Recorder): LoggedOutput {
  let left = MAX_OUTPUT_CHARS;
  let end = "";
  return {
    async take(text) {
      end = (end + text).slice(-LAST_CHARS);
      if (left <= 0) return;
      const kept = text.slice(0, left);
      left -= text.length;
      const cut = left <= 0 ? { truncated: true } : {};
      await recorder.record({ type: "log", data: { stream: "stdout", text: kept, ...cut } });
    },
    last() {
      const lines = end.trim().split("\n").slice(-LAST_LINES).join("\n");
      return lines === "" ? "" : ` Its last words:\n${lines}`;
    },
  };
}
