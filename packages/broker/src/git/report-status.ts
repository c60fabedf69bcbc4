import { readPktLine } from "./pkt-line.ts";
import type { PushCommand, PushRequest } from "./push-commands.ts";
import { MAX_UPDATES } from "./transfer.ts";
import type { RefUpdate } from "./transfer.ts";

/** A thousand refs of the longest kind, each with a reason, come to about this. */
const MAX_REPORT_BYTES = 2 * 1024 * 1024;
const REPORT_BAND = 1;

export interface ReportReader {
  /** The next piece of the host's answer. */
  take(chunk: Uint8Array): void;
  /** What is known by now; undefined when there are too many refs to tell of. */
  updates(): readonly RefUpdate[] | undefined;
}

interface Lines {
  take(chunk: Uint8Array): void;
  isWhole(): boolean;
}

/**
 * Reads from the host's own answer what became of each ref of a push. The client, who may ask for no report, name a
 * ref twice or hang up before the end, can make it unknown but not wrong.
 */
export function createReportReader({ commands, capabilities }: PushRequest): ReportReader {
  const said = new Map<string, boolean | null>();
  let last = "";
  let unpacked = false;

  const report = readLines((line) => {
    const [, word = "", rest = ""] = /^(\S+) (.*?)\n?$/s.exec(line.toString("utf8")) ?? [];
    const [ref = ""] = rest.split(" ", 1);
    if (word === "unpack") unpacked = rest === "ok";
    // A host that puts the push somewhere else, as one for reviews does, has not put it here.
    else if (word === "option") said.set(last, null);
    else if (word === "ok" || word === "ng") said.set((last = ref), said.has(ref) ? null : word === "ok");
  });
  const banded = capabilities.has("side-band-64k") || capabilities.has("side-band");
  const answer = banded
    ? readLines((line) => {
        if (line[0] === REPORT_BAND) report.take(line.subarray(1));
      })
    : report;

  const fate = ({ ref }: PushCommand): boolean | null => {
    if (!report.isWhole()) return null;
    const isOnce = commands.filter((command) => command.ref === ref).length === 1;
    const told = said.get(ref) ?? null;
    return isOnce && !(told === true && !unpacked) ? told : null;
  };

  return {
    take: answer.take,
    updates() {
      if (commands.length > MAX_UPDATES) return undefined;
      return commands.map((command) => {
        const { ref, old, new: next } = command;
        return { ref, old, new: next, ok: fate(command) };
      });
    },
  };
}

/** Pkt-lines up to the first flush. What cannot be read is never whole. */
function readLines(take: (line: Buffer) => void): Lines {
  let data = Buffer.alloc(0);
  let seen = 0;
  let state: "open" | "whole" | "bad" = "open";
  return {
    take(chunk) {
      if (state !== "open") return;
      seen += chunk.byteLength;
      data = Buffer.concat([data, chunk]);
      let at = 0;
      for (let read = readPktLine(data, at); read.state !== "more"; read = readPktLine(data, at)) {
        if (read.state === "bad") return void (state = "bad");
        if (read.state === "flush") return void (state = "whole");
        take(read.line);
        at += read.bytes;
      }
      data = Buffer.from(data.subarray(at));
      if (seen > MAX_REPORT_BYTES) state = "bad";
    },
    isWhole: () => state === "whole",
  };
}
