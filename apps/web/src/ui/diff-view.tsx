import { memo, useMemo, useState } from "react";
import { parseDiff } from "../lib/diff.ts";
import { count } from "../lib/format.ts";
import { Text } from "./text.tsx";

const SIGNS = { added: "+", removed: "−", context: " ", hunk: "", meta: "" } as const;
/** A minified file has one line of a megabyte. */
const MAX_LINE = 2_000;

export const DiffView = memo(function DiffView({ diff, most }: { diff: string; most: number }) {
  const [whole, setWhole] = useState(false);
  const lines = useMemo(() => parseDiff(diff).filter((line) => line.kind !== "meta"), [diff]);
  const shown = whole ? lines : lines.slice(0, most);
  return (
    <div className="diff" tabIndex={0} role="group" aria-label="Changed lines">
      <table>
        <tbody>
          {shown.map((line, at) => (
            <tr key={at} className={`diff-${line.kind}`}>
              <td className="diff-number">{line.kind === "hunk" ? "" : line.old}</td>
              <td className="diff-number">{line.kind === "hunk" ? "" : line.new}</td>
              <td className="diff-sign">{SIGNS[line.kind]}</td>
              <td className="diff-text">
                <Text>{line.kind === "hunk" ? `… ${line.text}` : line.text.slice(0, MAX_LINE)}</Text>
                {line.text.length > MAX_LINE && (
                  <span className="quiet"> … {count(line.text.length - MAX_LINE)} more characters</span>
                )}
              </td>
            </tr>
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
