import type { Logger } from "@agency/core";

export interface CaptureLogger extends Logger {
  /** Everything that was said, as the JSON a log file would hold. */
  text(): string;
}

export function createCaptureLogger(): CaptureLogger {
  const lines: string[] = [];
  const say = (level: string) => (facts: object, sentence: string) => {
    lines.push(JSON.stringify({ level, ...facts, sentence }));
  };
  const logger: CaptureLogger = {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: () => logger,
    text: () => lines.join("\n"),
  };
  return logger;
}
