import { useState } from "react";
import { bytes, duration } from "../../../lib/format.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { IconName } from "../../../ui/icon.tsx";
import { Output, Text, Verbatim, firstLine } from "../../../ui/text.tsx";
import { commandOf } from "../timeline/log-lines.ts";
import { testNote } from "../timeline/notes.ts";
import type { RowOf } from "../timeline/rows.ts";
import { ChangeView } from "./change-view.tsx";

const ICONS: Record<string, IconName> = {
  read: "file",
  edit: "pencil",
  delete: "cross",
  execute: "terminal",
  search: "search",
  fetch: "globe",
  agent: "bot",
};

/** Changes and failures are open at once; the rest is a line until somebody wants to see it. */
export function ToolRow({ row }: { row: RowOf<"tool"> }) {
  const { call, end, changes, tests } = row;
  const failed = end !== null && end.status !== "ok";
  const [choice, setChoice] = useState<boolean | null>(null);
  const open = choice ?? failed;
  return (
    <div className={failed ? "tool tool-failed" : "tool"}>
      <button type="button" className="tool-head" aria-expanded={open} onClick={() => setChoice(!open)}>
        <Icon name={ICONS[call.kind] ?? "command"} size={14} />
        <span className={`cut ${end === null ? "shimmer" : ""}`}>
          <span className="tool-name">
            <Text>{call.name}</Text>
          </span>{" "}
          <code>
            <Text>{titleOf(row)}</Text>
          </code>
        </span>
        <span className="tool-end figure">
          {tests !== null && (
            <span className={tests.failed > 0 ? "tag tag-bad" : "tag tag-good"}>
              {testNote(tests).title.replace("Tests: ", "")}
            </span>
          )}
          <Ending row={row} />
        </span>
      </button>
      {changes.map((change, at) => (
        <ChangeView key={at} change={change} open={at < 3} />
      ))}
      {open && <Details row={row} />}
    </div>
  );
}

function Ending({ row: { end } }: { row: RowOf<"tool"> }) {
  if (end === null) return <span className="quiet">running</span>;
  const code = end.exitCode;
  return (
    <>
      {end.status === "denied" && <span className="tag tag-bad">refused</span>}
      {end.status === "aborted" && <span className="tag">aborted</span>}
      {end.status === "error" && (code === undefined || code === 0) && (
        <span className="tag tag-bad">error</span>
      )}
      {code !== undefined && code !== 0 && <span className="tag tag-bad">exit {code}</span>}
      {end.durationMs !== undefined && <span className="quiet">{duration(end.durationMs)}</span>}
    </>
  );
}

function Details({ row: { call, end } }: { row: RowOf<"tool"> }) {
  const command = commandOf(call.input);
  const input = command ?? JSON.stringify(call.input, null, 2);
  return (
    <div className="tool-details">
      {command !== null && command !== firstLine(command, 240) && <Verbatim text={command} />}
      {command === null && call.kind !== "edit" && <Verbatim text={input} lines={12} />}
      {end !== null && end.output !== "" && <Output text={end.output} />}
      {end?.output === "" && <p className="quiet">No output.</p>}
      {end?.truncated === true && (
        <p className="quiet">
          Cut: the whole output had {bytes(end.outputBytes)}. The log has what was kept.
        </p>
      )}
    </div>
  );
}

function titleOf({ call }: RowOf<"tool">): string {
  const command = commandOf(call.input);
  if (command !== null) return firstLine(command, 240);
  if (call.title !== undefined) return firstLine(call.title, 240);
  const path: unknown =
    typeof call.input === "object" ? Reflect.get(call.input ?? {}, "file_path") : undefined;
  return typeof path === "string" ? firstLine(path, 240) : "";
}
