import type { EventOf, TaskEvent } from "@agency/contract";

type FeatureState = EventOf<"feature_list">["data"]["features"][number] & {
  message?: string | undefined;
  fraction?: number | undefined;
};

/** What the whole log says by now, kept up to date event by event. */
export interface Summary {
  phases: {
    name: string;
    status: "started" | "completed" | "failed";
    at: string;
    durationMs: number | null;
  }[];
  features: FeatureState[];
  progress: EventOf<"progress">["data"] | null;
  tests: EventOf<"test_run">["data"] | null;
  activity: { state: EventOf<"activity">["data"]["state"]; note: string; at: string } | null;
  session: EventOf<"session">["data"] | null;
  costUsd: number;
  tokens: { input: number; output: number; cached: number };
  modelCalls: number;
  files: Map<string, { added: number; removed: number; op: string }>;
  network: { allowed: number; denied: number };
  /** Number of the newest event after which the task itself looks different. */
  taskChangedAt: number;
  keptAt: number;
}

export function createSummary(): Summary {
  return {
    phases: [],
    features: [],
    progress: null,
    tests: null,
    activity: null,
    session: null,
    costUsd: 0,
    tokens: { input: 0, output: 0, cached: 0 },
    modelCalls: 0,
    files: new Map(),
    network: { allowed: 0, denied: 0 },
    taskChangedAt: 0,
    keptAt: 0,
  };
}

const CHANGES_TASK = new Set<string>(["status", "ask", "answer", "limits", "delivery", "credential"]);
const KEEPS = new Set<string>(["checkpoint", "artifact", "delivery", "status"]);

export function addToSummary(summary: Summary, event: TaskEvent): void {
  if (CHANGES_TASK.has(event.type)) summary.taskChangedAt = event.seq;
  if (KEEPS.has(event.type)) summary.keptAt = event.seq;
  if (!addFeature(summary, event)) addFact(summary, event);
}

function addFeature(summary: Summary, event: TaskEvent): boolean {
  switch (event.type) {
    case "feature_list":
      summary.features = event.data.features.map((feature) => ({ ...feature }));
      return true;
    case "feature_start":
      changeFeature(summary, event.data.id, { status: "active" });
      return true;
    case "feature_progress":
      changeFeature(summary, event.data.id, { message: event.data.message, fraction: event.data.fraction });
      return true;
    case "feature_end":
      changeFeature(summary, event.data.id, { status: event.data.status, message: event.data.message });
      return true;
    default:
      return false;
  }
}

function changeFeature(summary: Summary, id: string, change: Partial<FeatureState>): void {
  summary.features = summary.features.map((feature) =>
    feature.id === id ? { ...feature, ...change } : feature,
  );
}

function addFact(summary: Summary, event: TaskEvent): void {
  switch (event.type) {
    case "phase":
      addPhase(summary, event.at, event.data);
      break;
    case "progress":
      summary.progress = event.data;
      break;
    case "test_run":
      summary.tests = event.data;
      break;
    case "activity":
      summary.activity = { state: event.data.state, note: event.data.note ?? "", at: event.at };
      break;
    case "session":
      summary.session = event.data;
      break;
    case "usage":
      addUsage(summary, event.data);
      break;
    case "compute":
      summary.costUsd = event.data.totalCostUsd;
      break;
    case "file_change":
      addFile(summary, event.data);
      break;
    case "network":
      summary.network[event.data.verdict === "allowed" ? "allowed" : "denied"] += event.data.count;
      break;
    default:
  }
}

function addPhase(summary: Summary, at: string, data: EventOf<"phase">["data"]): void {
  const durationMs = data.durationMs ?? null;
  const known = summary.phases.findLastIndex((phase) => phase.name === data.name);
  const entry = { name: data.name, status: data.status, at, durationMs };
  summary.phases =
    known === -1 || data.status === "started"
      ? [...summary.phases, entry]
      : summary.phases.with(known, { ...entry, at: summary.phases[known]?.at ?? at });
}

function addUsage(summary: Summary, data: EventOf<"usage">["data"]): void {
  const { input, output, cached } = summary.tokens;
  summary.costUsd = data.totalCostUsd;
  summary.modelCalls += 1;
  summary.tokens = {
    input: input + data.input + data.cacheWrite,
    output: output + data.output,
    cached: cached + data.cacheRead,
  };
}

function addFile(summary: Summary, data: EventOf<"file_change">["data"]): void {
  const before = summary.files.get(data.path) ?? { added: 0, removed: 0, op: data.op };
  const whole = data.source === "workspace_diff";
  summary.files.set(data.path, {
    added: whole ? (data.added ?? 0) : before.added + (data.added ?? 0),
    removed: whole ? (data.removed ?? 0) : before.removed + (data.removed ?? 0),
    op: data.op,
  });
}
