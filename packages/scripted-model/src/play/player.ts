import { randomBytes } from "node:crypto";
import { faultForAttempt } from "../scripts/fault.ts";
import type { Fault } from "../scripts/fault.ts";
import { printPlace } from "../scripts/place.ts";
import { makeReply } from "../scripts/reply.ts";
import type { Reply } from "../scripts/reply.ts";
import type { ModelRequest, RecordedRequest } from "../scripts/request.ts";
import type { Pace, Step } from "../scripts/script.ts";
import { findCue, messageOf, noteToKeep } from "./cue.ts";
import type { Cue, Repertoire } from "./cue.ts";
import { aborted } from "./latches.ts";
import type { Latches } from "./latches.ts";
import type { Recorder } from "./recorder.ts";

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** What happens once about half of the answer was sent. */
export type Halfway = { kind: "gate"; name: string } | { kind: "hang" | "cut" | "garbage" | "error" };

export type Outcome =
  | { kind: "reply"; reply: Reply; pace: Pace | undefined; halfway: Halfway | undefined }
  | {
      kind: "failure";
      status: number;
      message: string;
      retryAfterS?: number;
      /** Seconds since 1970. */
      limitedUntil?: number;
      isOurProblem?: boolean;
    };

export interface Player {
  /** Fills in what the record does not know yet. Rejects only when the caller gives up. */
  play(request: ModelRequest, record: RecordedRequest, signal: AbortSignal): Promise<Outcome>;
  /** What a history that is about to be shortened must keep. */
  noteToKeep(request: ModelRequest): string;
  hasPlayedOut(script: string): boolean;
}

interface PlayerParts extends Repertoire {
  paced: boolean;
  sleep: Sleep;
  gates: Latches;
  reached: Latches;
  recorder: Recorder;
}

export function createPlayer(parts: PlayerParts): Player {
  const attempts = new Map<string, number>();
  const playedOut = new Set<string>();

  const countAttempt = (cue: Cue, { run, key: credential }: ModelRequest): number => {
    if (cue.step.fault === undefined) return 0;
    // Each credential meets the faults that are its own from the first one on.
    const isOwn = [cue.step.fault].flat().some((fault) => fault.key !== undefined);
    const key = JSON.stringify([
      run,
      cue.name,
      printPlace(cue.position.place),
      isOwn ? (credential ?? null) : null,
    ]);
    const attempt = attempts.get(key) ?? 0;
    attempts.set(key, attempt + 1);
    return attempt;
  };

  return {
    play: async (request, record, signal) => {
      const cue = findCue(parts, request, record);
      if (typeof cue === "string") {
        parts.recorder.problem(cue);
        return { kind: "failure", status: 500, message: cue, isOurProblem: true };
      }
      announce(parts, cue, record);
      if (isLast(cue)) playedOut.add(cue.name);
      if (typeof cue.step.gate === "string") await parts.gates.wait(cue.step.gate, signal);
      const fault = faultForAttempt(cue.step.fault ?? [], countAttempt(cue, request), request.key);
      return deliver(parts, cue, fault, signal);
    },
    noteToKeep: (request) => noteToKeep(parts, request),
    hasPlayedOut: (script) => playedOut.has(script),
  };
}

function announce(parts: PlayerParts, { name, position, step }: Cue, record: RecordedRequest): void {
  record.script = name;
  record.place = position.isOver ? "after" : printPlace(position.place);
  record.newTexts = position.newTexts;
  parts.reached.open(`${name} ${record.place}`);
  if (step.name !== undefined) parts.reached.open(`${name} ${step.name}`);
  try {
    step.expect?.(record);
  } catch (error) {
    parts.recorder.problem(`Script "${name}", step ${record.place}: ${messageOf(error)}`);
  }
}

function isLast({ script, position: { place } }: Cue): boolean {
  return place.step >= script.steps.length - (place.detour === undefined ? 1 : 0);
}

async function deliver(
  parts: PlayerParts,
  cue: Cue,
  fault: Fault | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  if (fault?.kind === "status") {
    const { status, retryAfterS, message = `Scripted failure ${status}` } = fault;
    return { kind: "failure", status, message, ...(retryAfterS === undefined ? {} : { retryAfterS }) };
  }
  if (fault?.kind === "usageLimit") {
    const { resetInS } = fault;
    const limitedUntil = Math.ceil(Date.now() / 1000 + resetInS);
    const message = "This account has reached its usage limit.";
    return { kind: "failure", status: 429, message, retryAfterS: resetInS, limitedUntil };
  }
  if (fault?.kind === "hangBeforeHeaders") return aborted(signal);
  if (fault?.kind === "delay") await parts.sleep(fault.ms, signal);
  const { name, position, step } = cue;
  const nonce = randomBytes(4).toString("hex");
  return {
    kind: "reply",
    reply: makeReply({ script: name, place: position.place, step, say: position.say, fault, nonce }),
    pace: paceOf(fault, parts.paced ? cue.script.pace : undefined),
    halfway: halfwayOf(step, fault),
  };
}

function paceOf(fault: Fault | undefined, scripted: Pace | undefined): Pace | undefined {
  if (fault?.kind !== "drip") return scripted;
  const rhythm = { chars: fault.chars, everyMs: fault.everyMs };
  return { firstMs: 0, text: rhythm, toolInput: rhythm };
}

const MIDWAY = {
  hangMidStream: "hang",
  cutMidStream: "cut",
  invalidJson: "garbage",
  errorMidStream: "error",
} as const;

function halfwayOf(step: Step, fault: Fault | undefined): Halfway | undefined {
  if (fault !== undefined && isMidway(fault.kind)) return { kind: MIDWAY[fault.kind] };
  if (typeof step.gate === "object") return { kind: "gate", name: step.gate.name };
  return undefined;
}

function isMidway(kind: Fault["kind"]): kind is keyof typeof MIDWAY {
  return Object.hasOwn(MIDWAY, kind);
}
