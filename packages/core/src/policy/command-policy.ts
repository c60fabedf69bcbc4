import type { CommandPolicy } from "@agency/contract";
import { readCommands } from "./command-tree.ts";
import type { CommandTree } from "./command-tree.ts";
import { beginsCommand, isCommand } from "./match-command.ts";
import { NotUnderstood, shown } from "./not-understood.ts";

export type CommandVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string };

export function hasCommandPolicy({ allow, deny }: CommandPolicy): boolean {
  return allow.length > 0 || deny.length > 0;
}

/**
 * Judges a line of shell by the commands in it. A guard rail that keeps an honest agent from what it was told not to
 * do; no boundary: a program may run any other, and an agent that means harm will find one. The boundary is the
 * sandbox. What cannot be told from the line is refused, so that the agent writes it in a way that can.
 */
export function judgeCommandLine(line: string, policy: CommandPolicy): CommandVerdict {
  if (!hasCommandPolicy(policy)) return { allowed: true };
  try {
    const commands = readCommands(line);
    const reason = firstDenied(commands, policy.deny) ?? firstNotAllowed(commands, policy.allow);
    return reason === null ? { allowed: true } : { allowed: false, reason };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const advice = "The rules for commands cannot be applied to it: write it in a simpler way.";
    return { allowed: false, reason: `${error.message} ${advice}` };
  }
}

/** A pattern forbids what begins with it, so that a forgotten `*` does not open a door. */
function firstDenied(commands: readonly CommandTree[], deny: readonly string[]): string | null {
  for (const { words, inner } of commands) {
    const pattern = deny.find((one) => beginsCommand(words, one));
    if (pattern !== undefined)
      return `The command ${shown(words.join(" "))} is not allowed in this task: the rule ${shown(pattern)} forbids it.`;
    const below = firstDenied(inner, deny);
    if (below !== null) return below;
  }
  return null;
}

function firstNotAllowed(commands: readonly CommandTree[], allow: readonly string[]): string | null {
  if (allow.length === 0) return null;
  for (const { words, inner, isWrapper } of commands) {
    if (!isWrapper && !allow.some((one) => isCommand(words, one)))
      return `The command ${shown(words.join(" "))} is not among those allowed in this task: ${allow.join(", ")}.`;
    const below = firstNotAllowed(inner, allow);
    if (below !== null) return below;
  }
  return null;
}
