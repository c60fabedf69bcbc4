import { useMemo, useState } from "react";
import { count } from "../../../lib/format.ts";
import { stripAnsi } from "../../../lib/ansi.ts";
import { Empty } from "../../../ui/states.tsx";
import { AnsiText, Text } from "../../../ui/text.tsx";
import type { RunView } from "../run-store.ts";
import type { LogLine } from "../timeline/log-lines.ts";
import { VirtualList } from "./virtual-list.tsx";

const MOST_CHARS = 4_000;

export function LogsTab({ view, name }: { view: RunView; name: string }) {
  const [query, setQuery] = useState("");
  const lines = useMemo(() => matching(view.lines, query), [view, query]);
  if (view.lines.length === 0)
    return (
      <Empty title="Nothing has been printed" icon="terminal">
        <p>Output of commands and of the runner stands here.</p>
      </Empty>
    );
  return (
    <>
      <div className="filters">
        <input
          type="search"
          className="log-search"
          aria-label="Search the log"
          placeholder="Search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <span className="quiet figure filters-note" role="status">
          {query === ""
            ? `${count(lines.length)} lines`
            : `${count(lines.length)} of ${count(view.lines.length)}`}
        </span>
        <button type="button" className="button" onClick={() => download(view.lines, name)}>
          Download
        </button>
      </div>
      <VirtualList
        key={query}
        label="Log"
        count={lines.length}
        estimate={() => 24}
        keyOf={(index) => index}
        render={(index) => <Line line={lines[index]} />}
        mark={view}
        follow={query === "" && !view.over}
        goTo={null}
      />
    </>
  );
}

function Line({ line }: { line: LogLine | undefined }) {
  if (line === undefined) return null;
  const shown = line.text.slice(0, MOST_CHARS);
  const rest = line.text.length - MOST_CHARS;
  return (
    <div className={`log-line log-${line.source}`}>
      <a className="log-number figure" href={`?#e${line.seq}`} aria-label={`Event ${line.seq}`}>
        {line.seq}
      </a>
      <span className="log-text">
        {line.source === "command" ? <Text>{shown}</Text> : <AnsiText>{shown}</AnsiText>}
        {rest > 0 && <span className="quiet"> … {count(rest)} more characters in the download</span>}
      </span>
    </div>
  );
}

function matching(lines: readonly LogLine[], query: string): readonly LogLine[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return lines;
  const seen = ({ source, text }: LogLine) => (source === "command" ? text : stripAnsi(text));
  return lines.filter((line) => seen(line).toLowerCase().includes(wanted));
}

function download(lines: readonly LogLine[], name: string): void {
  const url = URL.createObjectURL(
    new Blob([lines.map((line) => `${line.text}\n`).join("")], { type: "text/plain" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\w.-]+/g, "-").slice(0, 80)}.log`;
  link.click();
  URL.revokeObjectURL(url);
}
