import type { TaskEvent } from "@agency/contract";

export interface LogLine {
  seq: number;
  source: "command" | "stdout" | "stderr" | "runner" | "check";
  text: string;
}

/** What the run printed, line by line: its commands with their output, and the log of the runner. */
export function logLinesOf(event: TaskEvent): LogLine[] {
  const { seq } = event;
  switch (event.type) {
    case "log":
      return cut(seq, event.data.stream, event.data.text);
    case "tool_start":
      return event.data.kind === "execute"
        ? cut(seq, "command", `$ ${commandOf(event.data.input) ?? event.data.title ?? event.data.name}`)
        : [];
    case "tool_end":
      return cut(seq, event.data.status === "ok" ? "stdout" : "stderr", event.data.output);
    case "check":
      return [
        ...cut(seq, "command", `$ ${event.data.command}`),
        ...cut(seq, "check", event.data.output),
        ...cut(seq, "runner", `exit code ${event.data.exitCode ?? "unknown"}`),
      ];
    default:
      return [];
  }
}

export function commandOf(input: unknown): string | null {
  if (typeof input !== "object" || input === null || !("command" in input)) return null;
  return typeof input.command === "string" ? input.command : null;
}

function cut(seq: number, source: LogLine["source"], text: string): LogLine[] {
  if (text === "") return [];
  return text
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .map((line) => ({ seq, source, text: source === "command" ? line : afterReturn(line) }));
}

/** A progress bar writes over its own line: what stood there last is what a person saw. */
function afterReturn(line: string): string {
  const at = line.lastIndexOf("\r");
  return at === -1 ? line : line.slice(at + 1);
}
