import type { IncomingMessage } from "node:http";
import { commandFrameSchema, UPLINK_PATHS } from "@agency/contract";
import type { CommandFrame, RunnerCommand } from "@agency/contract";
import type { Clock } from "@agency/core";
import { backoffMs } from "./backoff.ts";
import type { UplinkClient } from "./client.ts";
import { judgeReply } from "./judge-reply.ts";

/** The control plane pings every few seconds; a stream quiet for longer is dead. */
const QUIET_MS = 20_000;

export interface CommandListenerOptions {
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  /** Called once for each command id, in order. */
  onCommand: (command: RunnerCommand) => void;
  /** Anything was heard, a ping too. */
  onContact: () => void;
  onFenced: (why: string) => void;
}

/** Listens for commands until told to stop; asks again after the last one carried out. */
export async function listenCommands(options: CommandListenerOptions): Promise<void> {
  const { client, clock, random, signal } = options;
  const seen = new Set<string>();
  let after: string | null = null;
  let failures = 0;

  function take(line: string): void {
    options.onContact();
    failures = 0;
    const frame = parseFrame(line);
    if (frame?.kind === "fenced") return options.onFenced("the control plane says that the attempt is over");
    if (frame === null || frame.kind === "ping" || seen.has(frame.id)) return;
    seen.add(frame.id);
    options.onCommand(frame);
    after = frame.id;
  }

  while (!signal.aborted) {
    const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
    const leave = new AbortController();
    const stop = (): void => leave.abort();
    signal.addEventListener("abort", stop);
    const opened = await client.open(`${UPLINK_PATHS.commands}${query}`, leave.signal);
    if (opened.kind === "stream") {
      options.onContact();
      await readFrames(opened.stream, clock, leave, take);
    } else {
      const verdict = judgeReply(opened);
      if (verdict.kind === "fenced") return options.onFenced(verdict.why);
    }
    signal.removeEventListener("abort", stop);
    await clock.sleep(backoffMs(failures, null, random()), signal);
    failures += 1;
  }
}

/** Resolves when the stream has ended, for whatever reason. */
async function readFrames(
  stream: IncomingMessage,
  clock: Clock,
  leave: AbortController,
  take: (line: string) => void,
): Promise<void> {
  let heardAt = clock.now();
  void cutWhenQuiet();
  try {
    stream.setEncoding("utf8");
    let rest = "";
    for await (const text of stream) {
      heardAt = clock.now();
      const lines = (rest + String(text)).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(take);
    }
  } catch {
    // A stream cut in the middle is an ordinary end: the next one starts after the last command.
  } finally {
    leave.abort();
  }

  async function cutWhenQuiet(): Promise<void> {
    while (!leave.signal.aborted) {
      await clock.sleep(heardAt + QUIET_MS - clock.now(), leave.signal);
      if (clock.now() - heardAt >= QUIET_MS) leave.abort();
    }
  }
}

function parseFrame(line: string): CommandFrame | null {
  try {
    return commandFrameSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
