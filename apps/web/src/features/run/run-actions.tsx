import type { Task } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { isOver } from "../../lib/feed-state.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { attempt } from "../../ui/toasts.tsx";
import { LimitsDialog } from "./limits-dialog.tsx";

export function RunActions({ task }: { task: Task }) {
  const [open, setOpen] = useState<"stop" | "limits" | null>(null);
  const close = () => setOpen(null);
  if (isOver(task.state))
    return (
      <div className="run-actions">
        <Link to="/new" search={{ like: task.id }} className="button">
          <Icon name="play" /> Run again
        </Link>
      </div>
    );
  const paused = task.waits.some((wait) => wait.reason === "paused_by_user");
  return (
    <div className="run-actions">
      {paused ? (
        <button
          type="button"
          className="button"
          onClick={() => void attempt(() => api.resumeTask(task.id), "Going on")}
        >
          <Icon name="play" /> Resume
        </button>
      ) : (
        <button
          type="button"
          className="button"
          disabled={task.cancelRequested}
          onClick={() => void attempt(() => api.pauseTask(task.id), "It pauses")}
        >
          <Icon name="pause" /> Pause
        </button>
      )}
      <button type="button" className="button" onClick={() => setOpen("limits")}>
        <Icon name="clock" /> Limits
      </button>
      <button
        type="button"
        className="button button-danger"
        disabled={task.cancelRequested}
        onClick={() => setOpen("stop")}
      >
        <Icon name="stop" /> {task.cancelRequested ? "Stopping" : "Stop"}
      </button>
      {open === "stop" && <StopDialog task={task} onClose={close} />}
      {open === "limits" && <LimitsDialog task={task} onClose={close} />}
    </div>
  );
}

function StopDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const stop = () => {
    onClose();
    void attempt(() => api.cancelTask(task.id), "It is being stopped");
  };
  return (
    <Dialog title="Stop this run?" onClose={onClose}>
      <p>What it has done so far is kept: files, diff, checkpoints. It does not go on by itself.</p>
      <div className="button-row dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Let it run
        </button>
        <button type="button" className="button button-danger" autoFocus onClick={stop}>
          Stop the run
        </button>
      </div>
    </Dialog>
  );
}
