import { formatBytes, formatDuration, lineCounts, plural } from "../numbers.ts";
import { joined, row, sentence } from "../row.ts";
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
  | "artifact"
  | "delivery"
  | "notice";

export const progressRenderers: Renderers<Progress> = {
  phase: (data, view) => {
    const text = joined(data.name, data.message);
    view.activity = data.status === "started" ? oneLine(text) : null;
    if (data.status === "started") return [];
    const meta = data.durationMs === undefined ? "" : formatDuration(data.durationMs);
    const paint = data.status === "failed" ? view.look.style.red : view.look.style.dim;
    return [row(view.look, { mark: data.status === "failed" ? "failed" : "phase", text, meta, paint })];
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
    const meta = data.bytes === undefined ? "" : formatBytes(data.bytes);
    return [
      row(view.look, { mark: "saved", text: data.label ?? "checkpoint", meta, paint: view.look.style.dim }),
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
