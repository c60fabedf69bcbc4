import type { ErrorClass } from "@agency/contract";
import type { EngineEvent } from "@agency/core";
import type { TodoItem } from "./todo-list.ts";
import type { UsageCount } from "./usage-count.ts";

type Of<T extends EngineEvent["type"]> = Extract<EngineEvent, { type: T }>["data"];

/** A tool call that began and has no result yet. */
export interface OpenCall {
  name: string;
  input: unknown;
  isSubagents: boolean;
  /** The engine's own clock, for the duration only. */
  startedAt: number | undefined;
  wasDenied: boolean;
}

/** A task the engine runs beside the turn. */
export interface SideTask {
  what: "bash" | "agent" | "other";
  description: string;
  toolId: string | undefined;
  /** The shell command, for a background shell. */
  command: string | undefined;
}

/** Where the engine stands, for the driver: it decides from this when to send, wait or close. */
export interface Standing {
  /** A turn of the main conversation is going on. */
  isTurnOpen: boolean;
  /** What the engine says of itself; undefined until it said something. */
  isIdle: boolean | undefined;
  /** Descriptions of tasks that live beside the turn. */
  background: readonly string[];
  /** A background task ended and the engine has not yet begun the turn in which the model hears of it. */
  owesTurn: boolean;
  /** Model responses of the main conversation so far, over all inputs of the run: what the limit of turns counts. */
  turns: number;
  lastStop: Of<"turn_end">["stop"] | undefined;
  lastError: ErrorClass | undefined;
}

/** Everything the mapper remembers between two messages. */
export interface Mapping {
  cwd: string;
  isResumed: boolean;
  turnLimit: number;
  hasSession: boolean;
  /** Message uuid → input id, of inputs that no turn has ended yet. */
  inputs: ReadonlyMap<string, string>;
  activity: Of<"activity">["state"] | undefined;
  streaming: Streaming | undefined;
  calls: ReadonlyMap<string, OpenCall>;
  tasks: ReadonlyMap<string, SideTask>;
  todo: readonly TodoItem[];
  usage: UsageCount;
  standing: Standing;
  /** Of `turns`, those before the last result. */
  turnsTold: number;
  lastText: string;
  /** The API's word for why the turn is failing, from the message before the result. */
  apiError: string | undefined;
  /** Kinds of message this mapper does not know; each is told of once. */
  unknownKinds: ReadonlySet<string>;
}

/** The response that is coming in. */
export interface Streaming {
  messageId: string;
  model: string;
  block: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  stopReason: string | undefined;
}

export interface Mapped {
  state: Mapping;
  events: EngineEvent[];
}

export function newMapping(start: { cwd: string; isResumed: boolean; turnLimit: number }): Mapping {
  return {
    ...start,
    hasSession: false,
    inputs: new Map(),
    activity: undefined,
    streaming: undefined,
    calls: new Map(),
    tasks: new Map(),
    todo: [],
    usage: { said: {}, engine: {} },
    standing: {
      isTurnOpen: false,
      isIdle: undefined,
      background: [],
      owesTurn: false,
      turns: 0,
      lastStop: undefined,
      lastError: undefined,
    },
    turnsTold: 0,
    lastText: "",
    apiError: undefined,
    unknownKinds: new Set(),
  };
}

export function withInput(state: Mapping, uuid: string, inputId: string): Mapping {
  return { ...state, inputs: new Map(state.inputs).set(uuid, inputId) };
}

export function nothing(state: Mapping): Mapped {
  return { state, events: [] };
}

export function withStanding(state: Mapping, change: Partial<Standing>): Mapping {
  return { ...state, standing: { ...state.standing, ...change } };
}

/** Said only when it changes: a stream of deltas is one activity. */
export function nowDoing(state: Mapping, activity: Of<"activity">["state"], note?: string): Mapped {
  if (state.activity === activity && note === undefined) return nothing(state);
  const data = note === undefined ? { state: activity } : { state: activity, note };
  return { state: { ...state, activity }, events: [{ type: "activity", data }] };
}

/** Maps the parts of a message one after the other, each from where the last one left the state. */
export function inTurn<T>(
  start: Mapping,
  parts: readonly T[],
  map: (state: Mapping, part: T) => Mapped,
): Mapped {
  let state = start;
  const events: EngineEvent[] = [];
  for (const part of parts) {
    const mapped = map(state, part);
    state = mapped.state;
    events.push(...mapped.events);
  }
  return { state, events };
}
