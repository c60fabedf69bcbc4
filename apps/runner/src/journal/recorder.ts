import type { Limits, RunnerEventBody } from "@agency/contract";
import type { Clock } from "@agency/core";
import { toLines } from "./fit-event.ts";
import type { Journal } from "./journal.ts";
import { Pace } from "./pace.ts";

export interface Recorder {
  /** False: the journal is full or the events come too fast, and `record` waits. */
  readonly hasRoom: boolean;
  /** Numbered at once; resolves when there is room for the next. Says nothing after `close`. */
  record(body: RunnerEventBody): Promise<void>;
  /** No more events: the number of the last one. */
  close(): number;
}

export interface RecorderOptions {
  journal: Journal;
  clock: Clock;
  /** Instant of now, as the control plane's clock has it. */
  at: () => string;
  /** What must never leave in an event: hygiene, not a boundary. */
  secrets: readonly string[];
  /** Asked each time: they may change while the run goes on. */
  limits: () => Pick<Limits, "outputBytes" | "eventsPerSecond">;
  /** The run is being ended: nobody waits any more because events came too fast. */
  hurry: AbortSignal;
  /** The run has written as much as it may. */
  onFull: () => void;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { journal, clock, at, secrets, limits, hurry } = options;
  const pace = new Pace(
    () => limits().eventsPerSecond,
    () => clock.now(),
  );
  let closed = false;
  let isFull = false;
  let bytes = 0;

  function redact(line: string): string {
    return secrets.reduce(
      (text, secret) => (secret === "" ? text : text.replaceAll(secret, "[redacted]")),
      line,
    );
  }

  async function append(lines: readonly string[]): Promise<void> {
    await Promise.all(lines.map((line) => journal.append(line)));
  }

  /** The agent's last event is the notice; the runner's own few, which say how the run ended, still follow. */
  async function fill(): Promise<void> {
    isFull = true;
    options.onFull();
    const text = `The run wrote more than its limit of ${limits().outputBytes} bytes and is stopped: the rest is left out.`;
    await append(toLines({ type: "notice", data: { level: "warn", text } }, at()));
  }

  return {
    get hasRoom() {
      return journal.hasRoom && (hurry.aborted || pace.owedMs === 0);
    },
    async record(body) {
      if (closed || (isFull && body.type !== "phase" && body.type !== "delivery")) return;
      const lines = toLines(body, at()).map(redact);
      const size = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
      if (!isFull && bytes + size > limits().outputBytes) return fill();
      bytes += size;
      pace.take(lines.length);
      const paidAt = clock.now() + pace.owedMs;
      await append(lines);
      const owedMs = paidAt - clock.now();
      if (owedMs > 0 && !hurry.aborted) await clock.sleep(owedMs, hurry);
    },
    close() {
      closed = true;
      return journal.last;
    },
  };
}
