import { memo } from "react";
import { clock } from "../../../lib/format.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { IconName } from "../../../ui/icon.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { Boundary } from "../../../ui/states.tsx";
import { Output, Text, Verbatim, firstLine } from "../../../ui/text.tsx";
import type { Row, RowOf, Tone } from "../timeline/rows.ts";
import { AskRow } from "./ask-row.tsx";
import { ChangeView } from "./change-view.tsx";
import { NetworkRow } from "./network-row.tsx";
import { ToolRow } from "./tool-row.tsx";

interface TimelineRowProps {
  row: Row;
  /** A row is changed in place: this is what tells that it was. */
  rev: number;
  marked: boolean;
  prompt: string;
}

export const TimelineRow = memo(function TimelineRow({ row, marked, prompt }: TimelineRowProps) {
  return (
    <article
      id={`e${row.seq}`}
      className={`row row-${row.kind} ${marked ? "row-marked" : ""}`}
      aria-label={`Event ${row.seq}`}
    >
      <a className="row-time figure" href={`#e${row.seq}`} title={`Event ${row.seq}, ${row.at}`}>
        {clock(row.at)}
      </a>
      <div className="row-body">
        <Boundary>
          <Body row={row} prompt={prompt} />
        </Boundary>
      </div>
    </article>
  );
});

function Body({ row, prompt }: { row: Row; prompt: string }) {
  switch (row.kind) {
    case "turn":
      return <Turn row={row} prompt={prompt} />;
    case "message":
      return <Said row={row} />;
    case "text":
      return <Spoken row={row} />;
    case "thinking":
      return <Thought row={row} />;
    case "tool":
      return <ToolRow row={row} />;
    case "change":
      return <ChangeView change={row.change} open={false} />;
    case "network":
      return <NetworkRow row={row} />;
    case "log":
      return <Output text={row.lines.map((line) => line.text).join("\n")} lines={8} />;
    case "ask":
      return <AskRow row={row} />;
    case "check":
      return <CheckRow row={row} />;
    case "note":
      return <Note row={row} />;
  }
}

function Said({ row }: { row: RowOf<"message"> }) {
  return (
    <div className="said">
      <p className="said-by">
        <Icon name="person" /> You {row.mode === "next_turn" && <span className="quiet">after the turn</span>}
      </p>
      <Markdown text={row.text} />
    </div>
  );
}

function Spoken({ row }: { row: RowOf<"text"> }) {
  return (
    <div className={row.sub ? "spoken spoken-sub" : "spoken"}>
      <Markdown text={row.text} />
      {row.typing && <span className="caret" aria-hidden="true" />}
    </div>
  );
}

function Thought({ row }: { row: RowOf<"thinking"> }) {
  return (
    <details className="fold">
      <summary>
        <span className="quiet">Thought</span>{" "}
        <span className="cut quiet">
          <Text>{firstLine(row.text, 140)}</Text>
        </span>
      </summary>
      <Markdown text={row.text} />
    </details>
  );
}

const ICONS: Record<Tone, IconName> = {
  quiet: "flag",
  info: "flag",
  good: "check",
  warn: "alert",
  bad: "alert",
};

function Note({ row }: { row: RowOf<"note"> }) {
  return (
    <p className={`note note-${row.tone}`}>
      <Icon name={ICONS[row.tone]} size={14} />
      <span>
        <Text>{row.title.slice(0, 4000)}</Text>
        {row.detail !== "" && (
          <span className="note-detail">
            <Text>{row.detail.slice(0, 4000)}</Text>
          </span>
        )}
      </span>
    </p>
  );
}

function Turn({ row, prompt }: { row: RowOf<"turn">; prompt: string }) {
  return (
    <div className="turn">
      <p className="turn-title">
        Turn {row.number}
        {row.end !== null && row.end.stop !== "completed" && <span className="tag">{row.end.stop}</span>}
      </p>
      {row.number === 1 && (
        <div className="said">
          <p className="said-by">
            <Icon name="person" /> The task
          </p>
          <Markdown text={prompt} />
        </div>
      )}
    </div>
  );
}

function CheckRow({ row }: { row: RowOf<"check"> }) {
  const { command, passed, exitCode, output } = row.check;
  return (
    <details className="fold tool" open={!passed}>
      <summary>
        <Icon name={passed ? "check" : "cross"} size={14} />
        <span className="cut">
          Check{" "}
          <code>
            <Text>{firstLine(command)}</Text>
          </code>
        </span>
        <span className={passed ? "tag tag-good" : "tag tag-bad"}>
          {passed ? "passed" : `exit ${exitCode ?? "?"}`}
        </span>
      </summary>
      {command !== firstLine(command) && <Verbatim text={command} />}
      <Output text={output} />
    </details>
  );
}
