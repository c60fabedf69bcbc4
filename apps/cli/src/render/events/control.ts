import { REASON_SENTENCES, TERMINAL_STATES } from "@agency/contract";
import type { EventOf } from "@agency/contract";
import { formatDuration, formatUsd, lineCounts, plural } from "../numbers.ts";
import { joined, row } from "../row.ts";
import { oneLine } from "../text.ts";
import type { FileChange, Renderers, View } from "./view.ts";
import { waitLine } from "./waiting.ts";

type Status = EventOf<"status">["data"];
const MOST_CHANGES = 20;

export const controlRenderers: Renderers<"status" | "usage"> = {
  status: (data, view, at) => {
    if (TERMINAL_STATES.some((state) => state === data.state)) return renderEnd(data, view, at);
    view.activity = STATES[data.state] ?? null;
    if (data.state !== "waiting") return [];
    view.activity = "Waiting";
    return waitLine(data, view, data.reason === undefined ? "" : REASON_SENTENCES[data.reason].what);
  },
  usage: (data, view) => {
    view.costUsd = data.totalCostUsd;
    return [];
  },
};

const STATES: Partial<Record<Status["state"], string>> = {
  scheduled: "Waiting for its time",
  queued: "Waiting for a free place",
  starting: "Preparing the sandbox",
  running: "Running",
  finishing: "Finishing",
};

function renderEnd(status: Status, view: View, at: string): string[] {
  const { style } = view.look;
  view.activity = null;
  const took = view.startedAtMs === null ? null : formatDuration(Date.parse(at) - view.startedAtMs);
  const facts = style.dim(joined(took, view.costUsd > 0 ? formatUsd(view.costUsd) : null));
  const changes = renderChanges(view);
  if (status.state === "completed")
    return [...changes, "", `${style.green("✓ Completed")}  ${facts}`.trimEnd()];
  const { what, next } = sentenceOf(status);
  const word = status.state === "cancelled" ? style.yellow("■ Stopped") : style.red("✗ Failed");
  return [
    ...changes,
    "",
    `${word}  ${facts}`.trimEnd(),
    ...[what, next.replace("ID", view.taskId)].filter((line) => line !== "").map((line) => `  ${line}`),
  ];
}

/** The server's own sentence says more than the one for the reason. */
function sentenceOf({ reason, message }: Pick<Status, "reason" | "message">): {
  what: string;
  next: string;
} {
  if (message !== undefined && message !== "") return { what: oneLine(message), next: "" };
  return reason === undefined ? { what: "", next: "" } : REASON_SENTENCES[reason];
}

function renderChanges({ changes, counted, look }: View): string[] {
  if (changes.length === 0) return [];
  const sum = (of: (change: FileChange) => number | undefined) =>
    changes.reduce((total, change) => total + (of(change) ?? 0), 0);
  const files = Math.max(changes.length, counted?.files ?? 0);
  const lines =
    files > changes.length
      ? lineCounts(counted?.added, counted?.removed)
      : lineCounts(
          sum((change) => change.added),
          sum((change) => change.removed),
        );
  const rows = changes.slice(0, MOST_CHANGES).map(({ path, op, added, removed }) =>
    row(look, {
      mark: op === "modify" ? "edit" : op,
      text: path,
      meta: lineCounts(added, removed),
      paint: look.style.yellow,
    }),
  );
  const more = files - rows.length;
  return [
    "",
    look.style.bold(joined(`${plural(files, "file")} changed`, lines)),
    ...rows,
    ...(more > 0 ? [look.style.dim(`  … and ${more} more`)] : []),
  ];
}
