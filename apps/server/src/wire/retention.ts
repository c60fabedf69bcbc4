import {
  applyRetention,
  archiveDue,
  collectOrphans,
  finishRemovals,
  SCAN_TIMES,
  scanStorage,
} from "@agency/control";
import type { Chore } from "@agency/control";
import type { Settings } from "@agency/contract";
import type { Logger, Provider, RetentionTimes, Storage } from "@agency/core";
import type { Stores } from "./stores.ts";

const MINUTE = 60_000;

export interface RetentionParts {
  stores: Stores;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  /** Where an account has not said anything else. */
  keeps: RetentionTimes;
  /** How long after the end of a task its events move to storage. */
  archiveAfterMs: number;
  logger: Logger;
}

export function keepsOf(settings: Pick<Settings, "keepEvents" | "keepArtifacts" | "keepCheckpoints">) {
  const { keepEvents: events, keepArtifacts: artifacts, keepCheckpoints: checkpoints } = settings;
  return { events, artifacts, checkpoints };
}

/** What moves, goes and is looked for while nobody waits. Each can run on several servers at once. */
export function retentionChores(parts: RetentionParts): Chore[] {
  const { stores, storage, providers, logger, keeps } = parts;
  const { artifacts, removals, retention, archive, scan, eventRows: rows } = stores;
  const now = () => Date.now();
  const chore = (
    name: string,
    everyMs: number,
    run: (signal: AbortSignal) => Promise<unknown>,
    afterMs?: number,
  ): Chore => ({
    name,
    everyMs,
    run: async (signal) => void (await run(signal)),
    ...(afterMs === undefined ? {} : { afterMs }),
  });
  return [
    chore("collect orphans", MINUTE, (signal) => collectOrphans({ artifacts, storage }, signal)),
    chore("finish removals", MINUTE, (signal) => finishRemovals({ removals, storage, providers }, signal)),
    chore("archive events", MINUTE, (signal) =>
      archiveDue({ rows, archive, storage }, now() - parts.archiveAfterMs, signal),
    ),
    chore("apply retention", MINUTE, (signal) =>
      applyRetention({ retention, defaults: keeps, logger }, now(), signal),
    ),
    // Not while everything else starts.
    chore(
      "scan storage",
      5 * MINUTE,
      (signal) => scanStorage({ scan, storage, logger, times: SCAN_TIMES, now }, signal),
      5 * MINUTE,
    ),
  ];
}
