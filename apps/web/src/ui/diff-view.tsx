import { memo, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { parseDiff } from "../lib/diff.ts";
import type { DiffLine } from "../lib/diff.ts";
import { count } from "../lib/format.ts";
import { Text } from "./text.tsx";

const SIGNS = { added: "+", removed: "−", context: " ", hunk: "", meta: "" } as const;
/** A minified file has one line of a megabyte. */
const MAX_LINE = 2_000;

interface DiffViewProps {
  diff: string;
  most: number;
  /** A line was chosen to say something of it. */
  onPick?: (line: DiffLine) => void;
  /** What stands below a line. */
  below?: (line: DiffLine) => ReactNode;
}

export const DiffView = memo(function DiffView({ diff, most, onPick, below }: DiffViewProps) {
  const [whole, setWhole] = useState(false);
  const lines = useMemo(() => linesOf(diff), [diff]);
  const shown = whole ? lines : lines.slice(0, most);
  return (
    <div className="diff" tabIndex={0} role="group" aria-label="Changed lines">
      <table>
        <tbody>
          {shown.map((line, at) => (
            <Line key={at} line={line} onPick={onPick} below={below?.(line) ?? null} />
          ))}
        </tbody>
      </table>
      {shown.length < lines.length && (
        <button type="button" className="link-button" onClick={() => setWhole(true)}>
          Show {count(lines.length - shown.length)} more lines
        </button>
      )}
    </div>
  );
});

/** Where a file is shown from its first line on there is nothing before it to leave out. */
function linesOf(diff: string): DiffLine[] {
  const lines = parseDiff(diff).filter((line) => line.kind !== "meta");
  const [first, second] = lines;
  const fromTheTop = first?.kind === "hunk" && first.text === "" && (second?.new ?? second?.old) === 1;
  return fromTheTop ? lines.slice(1) : lines;
}

interface LineProps {
  line: DiffLine;
  onPick: ((line: DiffLine) => void) | undefined;
  below: ReactNode;
}

function Line({ line, onPick, below }: LineProps) {
  const isHunk = line.kind === "hunk";
  return (
    <>
      <tr className={`diff-${line.kind}`}>
        <td className="diff-number">{isHunk ? "" : line.old}</td>
        <td className="diff-number">{isHunk ? "" : line.new}</td>
        <td className="diff-sign">
          {SIGNS[line.kind]}
          {onPick !== undefined && !isHunk && (
            <button
              type="button"
              className="diff-pick"
              aria-label={`Comment on line ${line.new ?? line.old ?? ""}`}
              onClick={() => onPick(line)}
            >
              +
            </button>
          )}
        </td>
        <td className="diff-text">
          <Text>{isHunk ? `… ${line.text}` : line.text.slice(0, MAX_LINE)}</Text>
          {line.text.length > MAX_LINE && (
            <span className="quiet"> … {count(line.text.length - MAX_LINE)} more characters</span>
          )}
        </td>
      </tr>
      {below !== null && (
        <tr>
          <td colSpan={4} className="diff-below">
            {below}
          </td>
        </tr>
      )}
    </>
  );
}
