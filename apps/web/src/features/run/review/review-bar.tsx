import type { Task } from "@agency/contract";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { isOver } from "../../../lib/feed-state.ts";
import { plural } from "../../../lib/format.ts";
import { useStore } from "../../../lib/store.ts";
import { attempt } from "../../../ui/toasts.tsx";
import { instructionOf } from "./comments.ts";
import { reviewOf } from "./kept-review.ts";

/** To an agent that works: its next instruction. To one that has ended: the beginning of a run that goes on from there. */
export function ReviewBar({ task }: { task: Task }) {
  const store = reviewOf(task.id);
  const comments = useStore(store);
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  if (comments.length === 0) return null;
  const over = isOver(task.state);
  const send = async () => {
    setBusy(true);
    const done = await attempt(
      () => api.sendMessage(task.id, { text: instructionOf(comments), mode: "next_turn" }),
      "The agent has your comments",
    );
    setBusy(false);
    if (done) store.set([]);
  };
  // The form reads them from where they are kept; they go once the run that has them is there.
  const goOn = async () => {
    setBusy(true);
    await attempt(async () => {
      const last = (await api.checkpoints(task.id)).at(-1);
      const from = last === undefined ? {} : { checkpoint: last.number };
      await navigate({ to: "/new", search: { like: task.id, comments: true, ...from } });
    });
    setBusy(false);
  };
  return (
    <div className="review-bar">
      <p>{plural(comments.length, "comment")}, not sent yet</p>
      <button type="button" className="button" onClick={() => store.set([])}>
        Drop
      </button>
      <button
        type="button"
        className="button button-primary"
        disabled={busy}
        onClick={() => void (over ? goOn() : send())}
      >
        {over ? "Go on with them" : "Send to the agent"}
      </button>
    </div>
  );
}
