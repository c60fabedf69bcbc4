import { DEFAULT_LIMITS } from "@agency/contract";
import type { EngineEntry, EventStore, Logger, NewTask, ProbeStore, TaskStore } from "@agency/core";
import { isTerminal } from "@agency/core";
import type { SupervisedTask } from "@agency/core";
import { uuidv7 } from "../ids.ts";

/** The file the probe's script writes; its marker names the script. */
export const PROBE_FILE = "first-file.txt";
export const PROBE_PROMPT = `[[s:first-file]] Create ${PROBE_FILE}.`;
const PROBE_WALL_MS = 120_000;

export interface ProbeDeps {
  tasks: TaskStore;
  events: EventStore;
  probes: ProbeStore;
  accountId: string;
  /** Engines with the version installed here. */
  engines: readonly { entry: EngineEntry; version: string }[];
  providerIds: readonly string[];
  logger: Logger;
  now: () => number;
}

/**
 * "Can this engine create its first file here?" Asked once per engine version and provider, by a hidden
 * task on the scripted model: an engine that cannot would loop without an error and burn money.
 */
export async function requestProbes(deps: ProbeDeps): Promise<number> {
  const known = new Set((await deps.probes.list()).map((p) => `${p.engine} ${p.version} ${p.provider}`));
  let requested = 0;
  for (const { entry, version } of deps.engines) {
    if (!entry.needsModel) continue;
    for (const provider of deps.providerIds) {
      if (known.has(`${entry.id} ${version} ${provider}`)) continue;
      await deps.tasks.create(probeTask(deps, entry.id, version, provider), {
        route: "probe",
        key: `${entry.id} ${version} ${provider} ${Math.floor(deps.now() / PROBE_WALL_MS)}`,
        fingerprint: new Uint8Array([1]),
      });
      requested += 1;
    }
  }
  return requested;
}

function probeTask(deps: ProbeDeps, engine: string, version: string, provider: string): NewTask {
  return {
    id: uuidv7(deps.now()),
    accountId: deps.accountId,
    name: `probe ${engine} ${version} on ${provider}`,
    prompt: PROBE_PROMPT,
    engine,
    model: null,
    provider,
    spec: {
      limits: { ...DEFAULT_LIMITS, wallMs: PROBE_WALL_MS, silenceMs: PROBE_WALL_MS, turns: 5 },
      network: "none",
      allowInternalNetwork: false,
      repository: null,
      repositories: [],
      approve: "none",
      commandPolicy: { allow: [], deny: [] },
      questions: false,
      onBudget: "stop",
      onUsageLimit: "stop",
      project: null,
      deliver: "none",
      commits: "squash",
      pullRequest: null,
      checks: [],
      artifacts: [],
      resume: null,
      keepMs: null,
      upload: null,
      review: null,
      env: {},
      command: null,
      demo: true,
    },
    labels: { probe: version },
    priority: -100,
    notBefore: null,
    parentId: null,
    hidden: true,
    secrets: [],
    audit: null,
  };
}

/** Called when a hidden task has ended: reads what happened and keeps the verdict. */
export async function recordProbe(deps: ProbeDeps, task: SupervisedTask): Promise<void> {
  const version = deps.engines.find(({ entry }) => entry.id === task.engine)?.version;
  if (!task.hidden || version === undefined || !isTerminal(task.snapshot.state)) return;
  const { state, reason } = task.snapshot;
  // Only the engine's own doing is a verdict on the engine; anything else is asked again.
  if (state !== "completed" && reason !== "engine_error") return;
  const { events } = await deps.events.read(task.id, 0, 500, ["file_change", "error"]);
  const made = events.some(
    (e) => e.type === "file_change" && e.data.op === "create" && e.data.path.endsWith(PROBE_FILE),
  );
  const ok = made && state === "completed";
  const failure = events.findLast((e) => e.type === "error");
  const why = failure?.type === "error" ? failure.data.message : "the file never appeared";
  const detail = ok ? "It created its first file." : `It could not create its first file: ${why}`;
  await deps.probes.save({
    engine: task.engine,
    version,
    provider: task.provider,
    ok,
    detail: detail.slice(0, 500),
    at: new Date(deps.now()).toISOString(),
  });
  deps.logger.info({ engine: task.engine, version, provider: task.provider, ok }, "probed the engine");
}
