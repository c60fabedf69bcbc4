import type { Approve, CommandPolicy } from "@agency/contract";
import type { ToolCall } from "../ports/engine.ts";
import { hasCommandPolicy, judgeCommandLine } from "./command-policy.ts";

export interface ToolPolicy {
  readonly approve: Approve;
  readonly commandPolicy: CommandPolicy;
}

export type ToolVerdict =
  | { readonly kind: "allow" }
  /** `reason` is told to the agent. */
  | { readonly kind: "deny"; readonly reason: string }
  /** A person decides. */
  | { readonly kind: "ask" };

/** Whether there is anything to judge at all. */
export function judgesTools({ approve, commandPolicy }: ToolPolicy): boolean {
  return approve !== "none" || hasCommandPolicy(commandPolicy);
}

/** The rules come first: nobody is asked about what they forbid. */
export function judgeTool(call: Pick<ToolCall, "kind" | "command">, policy: ToolPolicy): ToolVerdict {
  const forbidden = reasonAgainst(call, policy.commandPolicy);
  if (forbidden !== null) return { kind: "deny", reason: forbidden };
  return needsApproval(call, policy.approve) ? { kind: "ask" } : { kind: "allow" };
}

function reasonAgainst(
  { kind, command }: Pick<ToolCall, "kind" | "command">,
  rules: CommandPolicy,
): string | null {
  if (command === undefined) {
    if (kind !== "execute" || !hasCommandPolicy(rules)) return null;
    return "The rules for commands cannot be applied to this call: it does not say which command it runs.";
  }
  const verdict = judgeCommandLine(command, rules);
  return verdict.allowed ? null : verdict.reason;
}

function needsApproval({ kind, command }: Pick<ToolCall, "kind" | "command">, approve: Approve): boolean {
  switch (approve) {
    case "none":
      return false;
    case "commands":
      return kind === "execute" || command !== undefined;
    case "all":
      return kind !== "read" && kind !== "search";
  }
}
