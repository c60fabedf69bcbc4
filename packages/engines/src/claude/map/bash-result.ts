import type { EngineEvent } from "@agency/core";
import { commandEvents } from "../../shared/command-events.ts";
import type { ToolResult } from "./map-tool-results.ts";
import { fieldsOf, textOf } from "./read-value.ts";

/** A failed command is an error whose text begins with its code; there is no field for it. */
const FAILED = /^Exit code (\d{1,3})(?:\n|$)/u;

export function exitCodeOf({ call, isError, said, structured }: ToolResult): number | undefined {
  if (call.name !== "Bash") return undefined;
  const failed = FAILED.exec(said)?.[1];
  if (isError) return failed === undefined ? undefined : Number(failed);
  const fields = fieldsOf(structured);
  const wentBehind = textOf(fields["backgroundTaskId"]) !== undefined;
  // An explained code (grep found nothing) is not zero, and the engine does not say what it is.
  const isExplained = textOf(fields["returnCodeInterpretation"]) !== undefined;
  return wentBehind || isExplained || fields["interrupted"] === true ? undefined : 0;
}

export function bashEvents(result: ToolResult): EngineEvent[] {
  const command = textOf(fieldsOf(result.call.input)["command"]);
  const fields = fieldsOf(result.structured);
  // A command in the background is told of when it ends.
  if (command === undefined || textOf(fields["backgroundTaskId"]) !== undefined) return [];
  return commandEvents({
    command,
    exitCode: exitCodeOf(result) ?? null,
    output: outputOf(result),
    durationMs: result.durationMs,
    toolId: result.id,
  });
}

/** What the command wrote, where the engine gives it apart; else what the model was told. */
export function outputOf({ call, isError, said, structured }: ToolResult): string {
  // The code is told in its own field.
  if (isError && call.name === "Bash") return said.replace(FAILED, "");
  const fields = fieldsOf(structured);
  const parts = [textOf(fields["stdout"]), textOf(fields["stderr"])].filter(
    (part) => part !== undefined && part !== "",
  );
  return parts.length === 0 ? said : parts.join("\n");
}
