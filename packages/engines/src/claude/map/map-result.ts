import type { EngineEvent } from "@agency/core";
import type { SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";
import { classify, errorEvent } from "./classify-error.ts";
import { nothing, nowDoing, withStanding } from "./mapping.ts";
import type { Mapped, Mapping } from "./mapping.ts";
import { fieldsOf, textsOf } from "./read-value.ts";
import { reconcile } from "./usage-count.ts";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];

/** The end of a turn, not of the run: background work may begin another one. */
export function mapResult(state: Mapping, message: SDKResultMessage, apiError: string | undefined): Mapped {
  const stop = stopOf(state, message);
  const said = failureText(message);
  const failure = stop === "error" ? errorEvent(classify(signsOf(message, apiError, said)), said) : undefined;
  const counted = reconcile(state.usage, sinceLastResult(state, message), message.uuid);
  const { inputs, inputIds } = takeInputs(state, message);
  // Calls of sub-agents go on beside the turn.
  const calls = new Map([...state.calls].filter(([, call]) => call.isSubagents));
  const after = withStanding(
    {
      ...state,
      inputs,
      calls,
      usage: counted.usage,
      streaming: undefined,
      activity: undefined,
      turnsTold: state.standing.turns,
    },
    {
      isTurnOpen: false,
      lastStop: stop,
      lastError: failure?.data.class ?? (stop === "refusal" ? "refusal" : undefined),
    },
  );
  const turnEnd: EngineEvent = {
    type: "turn_end",
    data: {
      inputIds,
      stop,
      text: message.subtype === "success" && !message.is_error ? message.result : state.lastText,
      // The engine's own count also counts the results of parallel tools.
      turns: state.standing.turns - state.turnsTold,
      engineCostUsd: Math.max(0, message.total_cost_usd),
    },
  };
  // Before the session is known the engine took nothing up: only the failure is told.
  const turn = state.hasSession ? [...notRun(state), turnEnd] : [];
  const beside = state.standing.background.length > 0 ? nowDoing(after, "background") : nothing(after);
  return {
    state: beside.state,
    events: [...counted.events, ...(failure === undefined ? [] : [failure]), ...turn, ...beside.events],
  };
}

/** Calls that the turn ended without running: at a limit, for one. */
function notRun(state: Mapping): EngineEvent[] {
  const open = [...state.calls].filter(([, call]) => !call.isSubagents);
  return open.map(([id]) => ({
    type: "tool_end",
    data: { id, status: "aborted", output: "", outputBytes: 0, truncated: false },
  }));
}

function stopOf(state: Mapping, message: SDKResultMessage): Stop {
  const reason = message.terminal_reason;
  if (message.subtype === "error_max_turns" || reason === "max_turns") return "max_turns";
  if (message.subtype === "error_max_budget_usd" || reason === "budget_exhausted") return "budget";
  // The engine counts turns anew for each message; over several messages this mapper counts, and the driver stops it.
  if (reason === "aborted_streaming" || reason === "aborted_tools")
    return state.standing.turns >= state.turnLimit ? "max_turns" : "interrupted";
  if (message.stop_reason === "refusal") return "refusal";
  // A success may carry an error: only this field tells.
  return message.is_error ? "error" : "completed";
}

function failureText(message: SDKResultMessage): string {
  if (message.subtype === "success")
    return message.result === "" ? "The engine gave no reason." : message.result;
  return message.errors.join("\n") || `The engine stopped: ${message.subtype}.`;
}

function signsOf(
  message: SDKResultMessage,
  apiError: string | undefined,
  said: string,
): Parameters<typeof classify>[0] {
  const httpStatus = message.subtype === "success" ? (message.api_error_status ?? undefined) : undefined;
  return { terminalReason: message.terminal_reason, apiError, httpStatus, message: said };
}

function sinceLastResult(state: Mapping, message: SDKResultMessage): unknown {
  // Not in the published type. Without it only a fresh session's totals are differences: a resumed one carries on.
  const ready = fieldsOf(message)["model_usage_since_last_result"];
  return (
    ready ?? (state.isResumed || Object.keys(state.usage.engine).length > 0 ? undefined : message.modelUsage)
  );
}

/** Which inputs this turn took up. Failures before any turn name none: then it is all that were sent. */
function takeInputs(
  state: Mapping,
  message: SDKResultMessage,
): { inputs: Mapping["inputs"]; inputIds: string[] } {
  const named = textsOf(message.user_message_uuids);
  const isNotice = message.origin !== undefined && message.origin.kind !== "human";
  const uuids = named.length > 0 ? named : isNotice ? [] : [...state.inputs.keys()];
  const inputs = new Map(state.inputs);
  const inputIds: string[] = [];
  for (const uuid of uuids) {
    const id = inputs.get(uuid);
    if (id !== undefined) inputIds.push(id);
    inputs.delete(uuid);
  }
  return { inputs, inputIds };
}
