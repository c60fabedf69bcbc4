import { formatBytes, formatDuration, lineCounts, plural } from "../numbers.ts";
import { joined, quoted, row, sentence } from "../row.ts";
import { oneLine, plain } from "../text.ts";
import type { Renderers } from "./view.ts";

type Progress =
  | "phase"
  | "feature_list"
  | "feature_start"
  | "feature_progress"
  | "feature_end"
  | "progress"
  | "error"
  | "retry"
  | "checkpoint"
  | "restored"
  | "check"
  | "artifact"
  | "delivery"
  | "notice";

/** The end of what a failed check printed says why. */
const MOST_CHECK_LINES = 15;
const MEMORY = {
  restored: "with the agent's memory",
  none: "without a memory: it had none yet",
  lost: "without the agent's memory",
} as const;

export const progressRenderers: Renderers<Progress> = {
  phase: (data, view) => {
    const text = joined(data.name, data.message);
    view.activity = data.status === "started" ? oneLine(text) : null;
    if (data.status === "started") return [];
    const meta = data.durationMs === undefined ? "" : formatDuration(data.durationMs);
    const { red, dim } = view.look.style;
    if (data.status !== "failed") return [row(view.look, { mark: "phase", text, meta, paint: dim })];
    view.toldFailure = data.message ?? null;
    return sentence(view.look, { mark: "failed", text: joined(text, meta), paint: red });
  },
  feature_list: (data, view) => {
    for (const { id, title } of data.features) view.features.set(id, title);
    const passed = data.features.filter((feature) => feature.status === "passed").length;
    const text = `${plural(data.features.length, "feature")}, ${passed} done`;
    return [row(view.look, { mark: "plan", text, paint: view.look.style.blue })];
  },
  feature_start: (data, view) => {
    const text = view.features.get(data.id) ?? data.id;
    return [row(view.look, { mark: "build", text, paint: view.look.style.blue })];
  },
  feature_progress: (data, view) => {
    const share = data.fraction === undefined ? null : `${Math.round(data.fraction * 100)} %`;
    view.activity = oneLine(joined(view.features.get(data.id) ?? data.id, share, data.message));
    return [];
  },
  feature_end: (data, view) => {
    const { style } = view.look;
    const text = joined(view.features.get(data.id) ?? data.id, data.message);
    const passed = data.status === "passed";
    return [
      row(view.look, { mark: passed ? "done" : "failed", text, paint: passed ? style.green : style.red }),
    ];
  },
  progress: (data, view) => {
    const left = data.remainingMs === undefined ? null : `about ${formatDuration(data.remainingMs)} left`;
    view.activity = oneLine(joined(`${data.done} of ${data.total}`, left, data.message));
    return [];
  },
  error: (data, view) => {
    const { style } = view.look;
    const warning = data.severity === "warning";
    view.lastText = plain(data.message).trim();
    const mark = warning ? "warn" : "error";
    const paint = warning ? style.yellow : style.red;
    const recovery =
      data.recovery === undefined ? [] : sentence(view.look, { mark: "", text: data.recovery });
    // The step that failed has said it already.
    if (data.message === view.toldFailure) return recovery;
    return [...sentence(view.look, { mark, text: data.message, paint }), ...recovery];
  },
  retry: (data, view) => {
    const text = `${data.class.replaceAll("_", " ")}: trying again in ${formatDuration(data.delayMs)}`;
    const meta = joined(
      `${data.attempt} of ${data.max}`,
      data.httpStatus === undefined ? null : `HTTP ${data.httpStatus}`,
    );
    view.activity = "Trying again";
    return [row(view.look, { mark: "retry", text, meta, paint: view.look.style.yellow })];
  },
  checkpoint: (data, view) => {
    const number = data.number === undefined ? null : `checkpoint ${data.number}`;
    const meta = joined(
      data.bytes === undefined ? null : formatBytes(data.bytes),
      data.durationMs === undefined ? null : formatDuration(data.durationMs),
    );
    const text = joined(number, data.label) || "checkpoint";
    return [row(view.look, { mark: "saved", text, meta, paint: view.look.style.dim })];
  },
  restored: (data, view) => {
    const { style } = view.look;
    const files = data.files === 0 ? "no changed files" : plural(data.files, "changed file");
    const from =
      data.checkpoint === 0 ? "what was sent" : `checkpoint ${data.checkpoint} of ${oneLine(data.taskId)}`;
    const text = `Going on from ${from}: ${files}, ${MEMORY[data.session]}.`;
    const lines = sentence(view.look, { mark: "back", text, paint: style.green });
    if (data.message === undefined) return lines;
    return [...lines, ...sentence(view.look, { mark: "", text: data.message, paint: style.yellow })];
  },
  check: (data, view) => {
    const { look } = view;
    const exit = data.passed ? null : data.exitCode === null ? "stopped" : `exit ${data.exitCode}`;
    const meta = joined(exit, formatDuration(data.durationMs));
    const mark = data.passed ? "passed" : "failed";
    const paint = data.passed ? look.style.green : look.style.red;
    const line = row(look, { mark, text: data.command, meta, paint });
    const shown = data.passed ? [] : plain(data.output).trimEnd().split("\n").slice(-MOST_CHECK_LINES);
    return [
      line,
      ...quoted(
        look,
        shown.filter((part) => part.trim() !== ""),
      ),
    ];
  },
  artifact: (data, view) => [
    row(view.look, {
      mark: "kept",
      text: data.name,
      meta: formatBytes(data.bytes),
      paint: view.look.style.green,
    }),
  ],
  delivery: (data, view) => {
    if (data.kind === "workspace") view.counted = data;
    const counts = data.files === undefined ? null : plural(data.files, "file");
    const meta = joined(data.kind.replaceAll("_", " "), counts, lineCounts(data.added, data.removed));
    return [row(view.look, { mark: "result", text: data.location, meta, paint: view.look.style.green })];
  },
  notice: (data, view) => {
    const { style } = view.look;
    const warn = data.level === "warn";
    return sentence(view.look, {
      mark: warn ? "warn" : "note",
      text: data.text,
      paint: warn ? style.yellow : style.dim,
    });
  },
};
