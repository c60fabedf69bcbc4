import { useState } from "react";
import type { ReactNode } from "react";
import { Text, firstLine } from "../../../ui/text.tsx";
import { DiffView } from "../../../ui/diff-view.tsx";
import type { Change } from "../timeline/rows.ts";

const WORDS = { create: "new", modify: "", delete: "deleted", rename: "renamed" } as const;

interface ChangeViewProps {
  change: Change;
  open: boolean;
  /** Instead of a plain diff. */
  children?: (diff: string) => ReactNode;
}

export function ChangeView({ change, open: openAtFirst, children }: ChangeViewProps) {
  const [open, setOpen] = useState(openAtFirst);
  const { path, op, added = 0, removed = 0, diff } = change;
  const has = diff !== undefined && diff !== "";
  return (
    <div className="change">
      <button
        type="button"
        className="change-head"
        aria-expanded={open && has}
        disabled={!has}
        onClick={() => setOpen(!open)}
      >
        <code className="cut">
          <Text>{firstLine(path, 400)}</Text>
        </code>
        {WORDS[op] !== "" && <span className="tag">{WORDS[op]}</span>}
        <span className="figure">
          <span className="added">+{added}</span> <span className="removed">−{removed}</span>
        </span>
      </button>
      {open && has && (children?.(diff) ?? <DiffView diff={diff} most={40} />)}
    </div>
  );
}
