import { useState } from "react";
import type { DiffLine } from "../../../lib/diff.ts";
import { useStore } from "../../../lib/store.ts";
import { DiffView } from "../../../ui/diff-view.tsx";
import { isAt, spotOf, withComment } from "./comments.ts";
import type { LineComment, Spot } from "./comments.ts";
import { reviewOf } from "./kept-review.ts";
import { LineCommentForm, LineCommentView } from "./line-comment.tsx";
import "./review.css";

interface ReviewedDiffProps {
  taskId: string;
  path: string;
  diff: string;
  most: number;
}

/** The changed lines of a file; each can be commented on. */
export function ReviewedDiff({ taskId, path, diff, most }: ReviewedDiffProps) {
  const store = reviewOf(taskId);
  const comments = useStore(store);
  const [writing, setWriting] = useState<Spot | null>(null);
  const save = (spot: Spot, code: string, text: string) => {
    store.set(withComment(store.get(), { ...spot, code, text }));
    setWriting(null);
  };
  const below = (line: DiffLine) => {
    const spot = spotOf(path, line);
    if (spot === null) return null;
    const known = comments.find((comment: LineComment) => isAt(comment, spot));
    if (writing !== null && isAt(writing, spot))
      return (
        <LineCommentForm
          line={spot.line}
          text={known?.text ?? ""}
          onSave={(text) => save(spot, line.text, text)}
          onClose={() => setWriting(null)}
        />
      );
    if (known === undefined) return null;
    return (
      <LineCommentView
        comment={known}
        onEdit={() => setWriting(spot)}
        onRemove={() => save(spot, line.text, "")}
      />
    );
  };
  return <DiffView diff={diff} most={most} onPick={(line) => setWriting(spotOf(path, line))} below={below} />;
}
