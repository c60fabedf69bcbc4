import { readPktLine } from "./pkt-line.ts";

export interface PushCommand {
  readonly ref: string;
  /** What the ref held before, and is to hold: all zeros for one that is not there. */
  readonly old: string;
  readonly new: string;
  readonly deletes: boolean;
}

export interface PushRequest {
  readonly commands: readonly PushCommand[];
  /** Their names; what stands behind a `=` is left out. */
  readonly capabilities: ReadonlySet<string>;
}

export type PushHead =
  | { readonly state: "more" }
  /** `head`: the bytes judged, to be passed on as they are; `rest`: what came behind them, the pack. */
  | { readonly state: "done"; readonly push: PushRequest; readonly head: Buffer; readonly rest: Buffer }
  | { readonly state: "too_many"; readonly push: PushRequest }
  | { readonly state: "bad"; readonly problem: string };

export const MAX_COMMANDS = 1_000;
export const MAX_HEAD_BYTES = 256 * 1024;

const UNREADABLE = "This push cannot be read.";
const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\x00-\x20\x7f]{1,1024})\n?$/;
/** Git takes any white space between two capabilities, and `name=value` for `name`. */
const CAPABILITIES = /^[\x20-\x7e]*\n?$/;
const SHALLOW = /^shallow (?:[0-9a-f]{40}|[0-9a-f]{64})\n?$/;

/**
 * Reads what a push asks for from the lines before its pack, however they are cut into chunks. It is stricter
 * than git: the bytes judged are passed on unchanged, so nothing may be in them that git could read differently.
 */
export function createPushReader(): (chunk: Uint8Array) => PushHead {
  let data = Buffer.alloc(0);
  let at = 0;
  const commands: PushCommand[] = [];
  let capabilities: ReadonlySet<string> = new Set();

  function take(line: string): string | null {
    const isFirst = commands.length === 0;
    if (isFirst && SHALLOW.test(line)) return null;
    if (isFirst && line.startsWith("push-cert")) return "Signed pushes are not possible here.";
    const [text = "", caps, ...more] = line.split("\0");
    const command = commandOf(text);
    if (command === null || more.length > 0) return UNREADABLE;
    if (caps !== undefined && !(isFirst && CAPABILITIES.test(caps))) return UNREADABLE;
    if (caps !== undefined) capabilities = namesOf(caps);
    commands.push(command);
    return null;
  }

  return (chunk) => {
    data = Buffer.concat([data, chunk]);
    for (;;) {
      const push = { commands, capabilities };
      const read = readPktLine(data, at);
      if (read.state === "bad") return { state: "bad", problem: UNREADABLE };
      const end = read.state === "more" ? data.length : at + read.bytes;
      if (end > MAX_HEAD_BYTES || commands.length > MAX_COMMANDS) return { state: "too_many", push };
      if (read.state === "more") return read;
      at = end;
      if (read.state === "flush") {
        return { state: "done", push, head: data.subarray(0, at), rest: data.subarray(at) };
      }
      const problem = take(read.line.toString("utf8"));
      if (problem !== null) return { state: "bad", problem };
    }
  };
}

function commandOf(text: string): PushCommand | null {
  const [, old, next, ref] = COMMAND.exec(text) ?? [];
  if (old === undefined || next === undefined || ref === undefined || old.length !== next.length) return null;
  return { ref, old, new: next, deletes: /^0+$/.test(next) };
}

function namesOf(capabilities: string): ReadonlySet<string> {
  const names = capabilities.trim().split(" ");
  return new Set(names.map((name) => name.replace(/=.*$/, "")));
}
