import type { EventOf, Restore, WorkOrder } from "@agency/contract";
import type { Clock, Engine, EngineStart, SessionBundle } from "@agency/core";
import { alreadyOnBranch } from "../checkpoint/already-on-branch.ts";
import { Checkpoints } from "../checkpoint/checkpoints.ts";
import type { LastOptions } from "../checkpoint/checkpoints.ts";
import { EngineMemory } from "../checkpoint/engine-memory.ts";
import { restoreCheckpoint } from "../checkpoint/restore.ts";
import { openStore } from "../checkpoint/snapshot-store.ts";
import type { SnapshotStore } from "../checkpoint/snapshot-store.ts";
import type { RunnerConfig } from "../config.ts";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import type { BlobWay } from "../uplink/blobs.ts";
import type { Git } from "../workspace/git.ts";
import type { EngineTurns } from "./engine-turns.ts";

const GIT_MS = 60_000;

export interface KeptCheckpointsOptions {
  config: RunnerConfig;
  order: WorkOrder;
  way: BlobWay;
  clock: Clock;
  groups: ProcessGroups;
  recorder: Recorder;
  git: Git;
  /** The attempt is over. */
  over: AbortSignal;
  onFenced: (why: string) => void;
}

export type Begun =
  | { readonly ok: true; readonly base: string; readonly resume: EngineStart["resume"] | null }
  | { readonly ok: false; readonly problem: string };

/** What a session asks of checkpoints: to begin from one, and to make them as its turns end. */
export class KeptCheckpoints {
  readonly #options: KeptCheckpointsOptions;
  #checkpoints: Checkpoints | null = null;
  #memory: EngineMemory | null = null;
  #turn: number;

  constructor(options: KeptCheckpointsOptions) {
    this.#options = options;
    this.#turn = options.order.restore?.turn ?? 0;
  }

  /** Before anything else may touch the prepared workspace. */
  async begin(engine: Engine, base: string, signal: AbortSignal): Promise<Begun> {
    const { order, recorder } = this.#options;
    const opened = await openStore(this.#options).catch((error: unknown) => ({ error }));
    if (!("error" in opened)) {
      if (order.restore !== null) return this.#restore(engine, opened, order.restore, base, signal);
      return this.#open(engine, opened, { base, cloned: base, session: null, resume: null });
    }
    const why = opened.error instanceof Error ? opened.error.message : String(opened.error);
    if (order.restore !== null) return { ok: false, problem: `The checkpoint cannot be restored: ${why}` };
    const text = `There will be no checkpoints, because the runner cannot write to its folder: ${why}`;
    await recorder.record({ type: "notice", data: { level: "warn", text } });
    return { ok: true, base, resume: null };
  }

  /** Resolves when the engine may go on: its memory is read, its files are read beside what comes next. */
  async turnEnded(turns: EngineTurns): Promise<void> {
    this.#turn += 1;
    await this.#memory?.take(turns);
    this.#want(null);
  }

  /** Asked for by people. In the middle of a turn the memory is that of the last one: it cannot be read then. */
  async asked(label: string | null, turns: EngineTurns | null): Promise<void> {
    if (turns?.isBetweenTurns === true) await this.#memory?.take(turns);
    this.#want(label);
  }

  /** After the engine's end: resolves when the files may change again. */
  async last(turns: EngineTurns, last: LastOptions): Promise<{ readonly sent: Promise<void> }> {
    await Promise.race([this.#memory?.take(turns), untilAborted(last.late)]);
    const wanted = { label: null, turn: this.#turn, session: kept(this.#memory) };
    return (await this.#checkpoints?.takeLast(wanted, last)) ?? { sent: Promise.resolve() };
  }

  #want(label: string | null): void {
    this.#checkpoints?.want({ label, turn: this.#turn, session: kept(this.#memory) });
  }

  async #restore(
    engine: Engine,
    store: SnapshotStore,
    restore: Restore,
    cloned: string,
    signal: AbortSignal,
  ): Promise<Begun> {
    const { way, git, config, recorder, order } = this.#options;
    const { home } = config;
    const restored = await restoreCheckpoint({ way, restore, store, git, engine, home, signal });
    if (!restored.ok) return restored;
    await recorder.record(restored.event satisfies { data: EventOf<"restored">["data"] });
    const { base: since } = restored;
    const isUpload = restore.number === 0;
    const begun =
      order.ontoBranch === null || isUpload
        ? null
        : await alreadyOnBranch(store, { since, tip: cloned, commit: restore.commit, signal });
    return this.#open(engine, store, { ...restored, base: begun ?? since, cloned });
  }

  async #open(
    engine: Engine,
    store: SnapshotStore,
    from: {
      base: string;
      cloned: string;
      session: SessionBundle | null;
      resume: EngineStart["resume"] | null;
    },
  ): Promise<Begun> {
    const { base, cloned, session: first, resume } = from;
    const keeps = engine.capabilities.resume === "native";
    this.#memory = new EngineMemory({ ...this.#options, keeps, first });
    const published = await this.#published([base, cloned]);
    this.#checkpoints = new Checkpoints({ ...this.#options, store, origin: { base, published } });
    return { ok: true, base, resume };
  }

  /**
   * The first that whoever clones the repository gets with it. An empty repository's first commit is only ours, and so
   * is what people uploaded.
   */
  async #published(commits: readonly string[]): Promise<string | null> {
    const { order, git, over } = this.#options;
    if (order.repository === null) return null;
    for (const commit of new Set(commits)) {
      const list = ["for-each-ref", "--count=1", `--contains=${commit}`, "refs/remotes"];
      const listed = await git(list, { timeoutMs: GIT_MS, signal: over });
      if (listed.code === 0 && listed.stdout.length > 0) return commit;
    }
    return null;
  }
}

function kept(memory: EngineMemory | null): SessionBundle | null {
  return memory === null || memory.last?.files.length === 0 ? null : memory.last;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
