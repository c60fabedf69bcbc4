import type { RunnerEventBody } from "@agency/contract";
import { toLines } from "./fit-event.ts";
import type { Journal } from "./journal.ts";

export interface Recorder {
  /** False: the journal is full, and `record` waits. */
  readonly hasRoom: boolean;
  /** Numbered at once; resolves when there is room for the next. Says nothing after `close`. */
  record(body: RunnerEventBody): Promise<void>;
  /** No more events: the number of the last one. */
  close(): number;
}

export interface RecorderOptions {
  journal: Journal;
  /** Instant of now, as the control plane's clock has it. */
  at: () => string;
  /** What must never leave in an event: hygiene, not a boundary. */
  secrets: readonly string[];
}

export function createRecorder({ journal, at, secrets }: RecorderOptions): Recorder {
  let closed = false;

  function redact(line: string): string {
    return secrets.reduce(
      (text, secret) => (secret === "" ? text : text.replaceAll(secret, "[redacted]")),
      line,
    );
  }

  return {
    get hasRoom() {
      return journal.hasRoom;
    },
    async record(body) {
      if (closed) return;
      await Promise.all(toLines(body, at()).map((line) => journal.append(redact(line))));
    },
    close() {
      closed = true;
      return journal.last;
    },
  };
}
