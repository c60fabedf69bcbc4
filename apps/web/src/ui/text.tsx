import { memo, useState } from "react";
import type { ReactNode } from "react";
import { parseAnsi, stripAnsi } from "../lib/ansi.ts";
import type { Styled } from "../lib/ansi.ts";
import { bytes } from "../lib/format.ts";
import { MOST_RUNS, runsOf } from "../lib/odd-characters.ts";
import type { Run } from "../lib/odd-characters.ts";

/** Text somebody else wrote, with what cannot be seen made visible. */
export const Text = memo(function Text({ children }: { children: string }) {
  return drawRuns(runsOf(children));
});

export function drawRuns(runs: readonly Run[]): ReactNode {
  return runs.map((run, at) =>
    run.kind === "plain" ? (
      run.text
    ) : (
      <span key={at} className="odd" title="A character that cannot be seen">
        {run.name}
      </span>
    ),
  );
}

/** Output of a program: its colours are kept, everything else a terminal would act on is gone. */
export const AnsiText = memo(function AnsiText({ children }: { children: string }) {
  if (!/[\x1b\x80-\x9f]/.test(children)) return <Text>{children}</Text>;
  const parts = parseAnsi(children).map((part) => ({ className: classOf(part), runs: runsOf(part.text) }));
  // So many are made to hold the page up, or are no use to a reader: their text is.
  if (parts.reduce((sum, { runs }) => sum + runs.length, 0) > 2 * MOST_RUNS)
    return <Text>{stripAnsi(children)}</Text>;
  return parts.map(({ className, runs }, at) => (
    <span key={at} className={className}>
      {drawRuns(runs)}
    </span>
  ));
});

function classOf(part: Styled): string {
  const names = [
    part.colour === null ? "" : `ansi-${part.colour}`,
    part.background === null ? "" : `ansi-on-${part.background}`,
    part.bold ? "ansi-bold" : "",
    part.dim ? "ansi-dim" : "",
    part.italic ? "ansi-italic" : "",
    part.underline ? "ansi-underline" : "",
  ];
  return names.filter((name) => name !== "").join(" ");
}

const FIRST_CHARS = 6_000;
const FIRST_LINES = 24;

interface LongProps {
  text: string;
  lines?: number;
}

/** What a program printed. */
export function Output(props: LongProps) {
  return <Long {...props} label="Output" show={(shown) => <AnsiText>{shown}</AnsiText>} />;
}

/** What is run or approved: every character of it stands there, those of a terminal by their names. */
export function Verbatim(props: LongProps) {
  return <Long {...props} label="Exact text" show={(shown) => <Text>{shown}</Text>} />;
}

interface Shown {
  label: string;
  show: (shown: string) => ReactNode;
}

/** Text of any size: a part of it at first, the rest when it is asked for. */
function Long({ text, lines = FIRST_LINES, label, show }: LongProps & Shown) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? text.slice(0, 200_000) : beginning(text, lines);
  return (
    <div className="output">
      <pre tabIndex={0} role="group" aria-label={label}>
        {show(shown)}
      </pre>
      {shown.length < text.length && (
        <button type="button" className="link-button" onClick={() => setWhole(true)} disabled={whole}>
          {whole ? "The rest is in the download" : `Show all ${bytes(text.length)}`}
        </button>
      )}
    </div>
  );
}

function beginning(text: string, lines: number): string {
  const limited = text.slice(0, FIRST_CHARS);
  const parts = limited.split("\n");
  return parts.length > lines ? parts.slice(0, lines).join("\n") : limited;
}

/** One line for a list, whatever was in it: shown with `Text`, for nothing is taken out of it. */
export function firstLine(text: string, most = 200): string {
  const line =
    text
      .slice(0, 4 * most)
      .split("\n")
      .find((part) => part.trim() !== "") ?? "";
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
