import type { EngineStart } from "@agency/core";
import type { HookCallback, Options } from "@anthropic-ai/claude-agent-sdk";
import type { Decisions } from "../shared/decisions.ts";
import { QUESTION_TOOL } from "./answer-questions.ts";
import { toolCall } from "./map/tools.ts";

/** As long as a timer of the engine can be: 24 days. Its own is a minute, and then the call would go ahead. */
const LONGEST_S = 2_147_483;

/** A hook is asked before every call, also of sub-agents and where nothing else would ask. */
export function gateHooks(
  gate: NonNullable<EngineStart["gate"]>,
  { cwd, decisions }: { cwd: string; decisions: Decisions },
): NonNullable<Options["hooks"]> {
  const decide: HookCallback = async (input, _id, { signal }) => {
    // A question goes to a person as it is; nobody has to allow that it is asked.
    if (input.hook_event_name !== "PreToolUse" || input.tool_name === QUESTION_TOOL) return {};
    const call = toolCall(input.tool_use_id, input.tool_name, input.tool_input, cwd);
    const decision = await decisions.wait(
      (unneeded) => gate(call, unneeded),
      () => ({ allow: false as const, reason: "Nobody could decide whether this call may run." }),
      signal,
    );
    if (decision.allow) return {};
    return {
      hookSpecificOutput: {
        hookEventName: "PreToolUse",
        permissionDecision: "deny",
        permissionDecisionReason: decision.reason,
      },
    };
  };
  // Without "block" a hook that fails would let the call through.
  return { PreToolUse: [{ hooks: [decide], timeout: LONGEST_S, onFailure: "block" }] };
}
