import type { EngineEvent } from "@agency/core";
import { diffOfHunks, diffOfNewFile } from "../../shared/unified-diff.ts";
import type { FileDiff, Hunk } from "../../shared/unified-diff.ts";
import type { ToolResult } from "./map-tool-results.ts";
import { countOf, fieldsOf, listOf, textOf, textsOf } from "./read-value.ts";
import { workspacePath } from "./tools.ts";

type FileChange = Extract<EngineEvent, { type: "file_change" }>;

const EDITORS = new Set(["Write", "Edit", "MultiEdit", "NotebookEdit"]);

/** What an editing tool did to a file. A hint for the live view: the truth is the state of the workspace. */
export function fileChange({ id, call, said, structured }: ToolResult, cwd: string): FileChange | undefined {
  if (!EDITORS.has(call.name)) return undefined;
  const input = fieldsOf(call.input);
  const done = fieldsOf(structured);
  const absolute = textOf(done["filePath"]) ?? textOf(input["file_path"]) ?? textOf(input["notebook_path"]);
  if (absolute === undefined) return undefined;
  const path = workspacePath(absolute, cwd);
  const isNew = call.name === "Write" && (textOf(done["type"]) ?? kindFromWords(said)) === "create";
  const diff = isNew
    ? diffOfNewFile(path, textOf(done["content"]) ?? textOf(input["content"]) ?? "")
    : diffOfPatch(path, done["structuredPatch"]);
  return {
    type: "file_change",
    data: { path, op: isNew ? "create" : "modify", ...diff, toolId: id, source: "engine" },
  };
}

/** Results of sub-agents come without their structured part. */
function kindFromWords(said: string): string {
  return said.startsWith("File created") ? "create" : "update";
}

function diffOfPatch(path: string, patch: unknown): FileDiff | undefined {
  const hunks = listOf(patch).map((hunk) => toHunk(hunk));
  return hunks.length === 0 ? undefined : diffOfHunks(path, hunks);
}

function toHunk(value: unknown): Hunk {
  const fields = fieldsOf(value);
  return {
    oldStart: countOf(fields["oldStart"]),
    oldLines: countOf(fields["oldLines"]),
    newStart: countOf(fields["newStart"]),
    newLines: countOf(fields["newLines"]),
    lines: textsOf(fields["lines"]),
  };
}
