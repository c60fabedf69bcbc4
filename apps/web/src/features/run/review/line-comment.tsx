import { useState } from "react";
import type { LineComment } from "./comments.ts";

interface LineCommentFormProps {
  line: number;
  text: string;
  onSave: (text: string) => void;
  onClose: () => void;
}

export function LineCommentForm({ line, text: before, onSave, onClose }: LineCommentFormProps) {
  const [text, setText] = useState(before);
  return (
    <form
      className="line-comment"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(text);
      }}
    >
      <textarea
        autoFocus
        rows={3}
        aria-label={`Comment on line ${line}`}
        placeholder="What should be different here"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave(text);
          if (event.key === "Escape") onClose();
        }}
      />
      <div className="button-row">
        <button type="submit" className="button button-primary">
          Keep the comment
        </button>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </form>
  );
}

interface LineCommentViewProps {
  comment: LineComment;
  onEdit: () => void;
  onRemove: () => void;
}

export function LineCommentView({ comment, onEdit, onRemove }: LineCommentViewProps) {
  return (
    <div className="line-comment">
      <p className="line-comment-text">{comment.text}</p>
      <div className="button-row">
        <button type="button" className="link-button" onClick={onEdit}>
          Edit
        </button>
        <button type="button" className="link-button" onClick={onRemove}>
          Remove
        </button>
      </div>
    </div>
  );
}
