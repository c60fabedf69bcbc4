import type { ErrorClass, EventBody, Question, ToolKind } from "@agency/contract";

export const VENDORS = ["anthropic", "openai"] as const;
export type Vendor = (typeof VENDORS)[number];

/** Files that make a session resumable elsewhere; paths are relative to the engine's home. */
export interface SessionBundle {
  sessionId: string;
  engineVersion: string;
  files: { path: string; bytes: Uint8Array }[];
}

export interface UserInput {
  id: string;
  text: string;
}

export interface EngineLimits {
  /** What is left for this run, not the session's total. */
  /** Null: somebody else counts, and may allow more later. */
  turns: number | null;
  costUsd: number | null;
  /** After a turn ends: how long background work may go on before it is cut. */
  drainMs: number;
  killGraceMs: number;
}

export interface ToolCall {
  id: string;
  name: string;
  kind: ToolKind;
  /** The command, the path: what the call is about, in one line. */
  title: string;
  input: unknown;
  /** The line of shell, when the call runs one. */
  command?: string;
}

export type GateDecision = { allow: true } | { allow: false; reason: string };

export interface EngineStart {
  cwd: string;
  /** HOME and the engine's own configuration live here; one folder a run. */
  home: string;
  /** Replaces the child's environment; nothing is inherited. */
  env: Record<string, string>;
  model?: string;
  /** Vendor → base URL of its API inside the sandbox, without `/v1`, and the placeholder that opens it. */
  modelApis: Readonly<Partial<Record<Vendor, { baseUrl: string; key: string }>>>;
  /** Asked before every tool call; the call waits for the decision. Not set: nothing is asked. */
  gate?: (call: ToolCall, signal: AbortSignal) => Promise<GateDecision>;
  /** Puts questions to a person and waits. Not set: the engine must not ask. Null: nobody will answer. */
  ask?: (id: string, questions: Question[], signal: AbortSignal) => Promise<string[][] | null>;
  systemAppend?: string;
  sessionId?: string;
  resume?: { sessionId: string; fork?: boolean };
  /** The shell command of the `command` engine. */
  command?: string;
  limits: EngineLimits;
}

type Passed =
  | "session"
  | "activity"
  | "text_delta"
  | "text"
  | "thinking"
  | "tool_start"
  | "tool_end"
  | "file_change"
  | "command"
  | "test_run"
  | "feature_list"
  | "feature_start"
  | "feature_progress"
  | "feature_end"
  | "progress"
  | "phase"
  | "checkpoint"
  | "artifact"
  | "subtask"
  | "retry"
  | "notice"
  | "log"
  | "error"
  | "turn_end";

/** The engine's own account of one model response. Information only: what counts is what the broker saw. */
export interface EngineUsage {
  type: "engine_usage";
  data: { key: string; model: string; input: number; output: number; cacheRead: number; cacheWrite: number };
}

export interface EngineEnd {
  type: "end";
  data: {
    outcome: "completed" | "interrupted" | "limit" | "failed" | "killed";
    limit?: "turns" | "cost";
    errorClass?: ErrorClass;
    exitCode?: number | null;
    signal?: string | null;
  };
}

export type EngineEvent = Extract<EventBody, { type: Passed }> | EngineUsage | EngineEnd;

/**
 * A running engine. Rules every implementation keeps, and the contract suite checks:
 * the iteration never throws and ends with exactly one `end`; `session` precedes everything but
 * activity, notice, log, error and end; every tool_start has exactly one tool_end; every accepted
 * input id appears in exactly one turn_end; after kill() no process of the run is left.
 */
export interface EngineRun extends AsyncIterable<EngineEvent> {
  send(input: UserInput, how: "steer" | "next_turn"): Promise<void>;
  /** Stops the turn, keeps the session. Idempotent; resolves when the turn has stopped. */
  interrupt(): Promise<void>;
  /** No more input; the run ends after the current turn and its background work. */
  finish(): Promise<void>;
  /** Ends the whole process tree. Idempotent; resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops the program where it stands, and lets it go on. Only with the capability `pause`. */
  pause(): void;
  unpause(): void;
  /** Callable between turns and after the end. */
  exportSession(): Promise<SessionBundle>;
}

export interface EngineCapabilities {
  resume: "native" | "none";
  interrupt: "soft" | "kill-only";
  midTurnInput: boolean;
  fileChanges: "structured" | "none";
  deltas: boolean;
  /** model: it stands still while its model calls are held. process: it is stopped where it stands. */
  pause: "model" | "process";
  /** every-call: `gate` is asked before each tool call. none: it runs what it likes. */
  toolGate: "every-call" | "none";
  questions: boolean;
  /** Whose model APIs it is given. */
  vendors: readonly Vendor[];
}

export interface Engine {
  readonly id: string;
  readonly title: string;
  readonly capabilities: EngineCapabilities;
  /** Never throws: what is wrong is in `problems`. */
  probe(): Promise<{ version: string | null; problems: string[] }>;
  importSession(bundle: SessionBundle, at: { home: string; cwd: string }): Promise<void>;
  /** Returns at once; a failure to spawn arrives as an error event and `end`. */
  start(first: UserInput, options: EngineStart): EngineRun;
}
