import type { Logger } from "@agency/core";

export interface LoggedLine {
  level: "debug" | "info" | "warn" | "error";
  facts: Record<string, unknown>;
  sentence: string;
}

/** Keeps what is said instead of saying it. */
export function createSilentLogger(
  lines: LoggedLine[] = [],
  bound: object = {},
): Logger & { lines: LoggedLine[] } {
  const keep = (level: LoggedLine["level"]) => (facts: object, sentence: string) =>
    void lines.push({ level, facts: { ...bound, ...facts }, sentence });
  return {
    lines,
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
    child: (facts) => createSilentLogger(lines, { ...bound, ...facts }),
  };
}
