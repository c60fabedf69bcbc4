import type { Action } from "./action.ts";
import type { Fault } from "./fault.ts";
import type { RecordedRequest, ToolResult } from "./request.ts";

export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

export type Stop = "end_turn" | "tool_use" | "max_tokens" | "refusal" | "stop_sequence";

/** One model response. Without `tools` it ends the engine's turn; the next user message goes on with the next step. */
export interface Step {
  /** For `reached(script, name)`; needed only for steps of a detour, which have no index of their own. */
  name?: string;
  /** Sent only when the request asks for thinking, as the real API does. */
  thinking?: string;
  text?: string;
  /** Several make parallel calls; they are one step. */
  tools?: readonly Action[];
  usage?: Partial<Usage>;
  stop?: Stop;
  fault?: Fault | readonly Fault[];
  /** Holds the answer until `open(gate)`: all of it, or the second half of the stream. */
  gate?: string | { name: string; at: "halfway" };
  /** Throw to report a problem with what the engine sent; the step is answered all the same. */
  expect?: (request: RecordedRequest) => void;
}

/** What a step that is computed may look at; all of it is read from the request, nothing is remembered. */
export interface Moment {
  prompt: string;
  cwd: string;
  /** Every tool result since the prompt that started the script. */
  results: readonly ToolResult[];
  /** Those of the step before: within a detour of the detour's, else of the script's own. */
  last: readonly ToolResult[];
}

export type StepSource = Step | ((moment: Moment) => Step);

/** What a script does about a message that a person sent after the prompt. */
export interface Detour {
  /** Put in front of the next step's text, so that it is heard without ending the turn. */
  say?: string;
  /** Played before the script goes on. As everywhere, a step without tools ends the engine's turn. */
  play?: readonly StepSource[];
  /** Leaves out the remaining steps; without it the script goes on where it was. */
  ends?: boolean;
}

/** Answers with a detour, or undefined for a message that means nothing to it. Must be pure: it is asked again on every request. */
export type Reaction = (text: string) => Detour | undefined;

export interface Script {
  steps: readonly StepSource[];
  /** For each message after the prompt, mid-turn or as a new turn, the first reaction that answers is taken. */
  react?: readonly Reaction[];
  /** Answers every request after the last step. Without it such a request is a problem and gets an error. */
  after?: StepSource;
  /** How fast a person would see it typed; used only by a model created with `paced: true`. */
  pace?: Pace;
}

/** A function when the script depends on the prompt that started it. Must be pure, as a reaction must. */
export type ScriptSource = Script | ((prompt: string) => Script);

export interface Pace {
  firstMs: number;
  text: { chars: number; everyMs: number };
  toolInput: { chars: number; everyMs: number };
}

export function when(pattern: RegExp, detour: Detour | ((match: RegExpExecArray) => Detour)): Reaction {
  return (text) => {
    // A global or sticky pattern remembers where it was; the answer must not depend on earlier calls.
    pattern.lastIndex = 0;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    return typeof detour === "function" ? detour(match) : detour;
  };
}
