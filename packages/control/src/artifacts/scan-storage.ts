import type { Logger, ScannedObject, Storage, StorageScan } from "@agency/core";

/** All there is of tasks and for them, one after the other. What others keep in the same bucket is not looked at. */
const FOLDERS = ["tasks", "uploads"] as const;
const PAGE = 1_000;
const KEY = /^tasks\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([^/]+)\//;

const UPLOADED = /^uploads\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const MINUTE_MS = 60_000;
export const SCAN_TIMES = {
  /** Twice what an upload may last: the clocks of storage and server need not agree. */
  graceMs: 48 * 60 * MINUTE_MS,
  /** A server that dies in the middle of a page is replaced after this. */
  leaseMs: 5 * MINUTE_MS,
  restMs: 24 * 60 * MINUTE_MS,
  pagesAtOnce: 50,
};

export interface ScanStorageDeps {
  scan: StorageScan;
  storage: Pick<Storage, "list" | "stat">;
  logger: Logger;
  times: typeof SCAN_TIMES;
  now: () => number;
}

export interface ScanReport {
  objects: number;
  orphans: number;
  missing: number;
}

/**
 * Compares storage and rows page by page, going on where the last turn ended. Objects without a row go to the
 * collector; rows without an object are marked, and lose the mark when the object is back.
 */
export async function scanStorage(deps: ScanStorageDeps, signal: AbortSignal): Promise<ScanReport> {
  const { scan, times, logger } = deps;
  const report: ScanReport = { objects: 0, orphans: 0, missing: 0 };
  const turn = await scan.take(times.leaseMs);
  if (turn === null) return report;
  let { after } = turn;
  for (let pages = 0; pages < times.pagesAtOnce && !signal.aborted; pages += 1) {
    after = await scanPage(deps, after, report);
    if (after === null) break;
    await scan.save(after, times.leaseMs);
  }
  await scan.save(after, after === null ? times.restMs : 0);
  if (report.orphans > 0) logger.info({ orphans: report.orphans }, "objects without a row are collected");
  return report;
}

async function scanPage(
  deps: ScanStorageDeps,
  after: string | null,
  report: ScanReport,
): Promise<string | null> {
  const { scan, storage, times } = deps;
  const [first, last] = FOLDERS;
  const folder = after?.startsWith(`${last}/`) === true ? last : first;
  // A folder's own name with its slash is before every key in it, and with a 0 for the slash behind.
  const [from, end] = [after ?? `${folder}/`, `${folder}0`];
  const isStart = from === `${folder}/`;
  const { objects, next } = await storage.list(folder, { limit: PAGE, ...(isStart ? {} : { after: from }) });
  const old = deps.now() - times.graceMs;
  const listed = objects.map(({ key }) => key);
  report.objects += objects.length;
  report.orphans += await scan.giveUp(objects.flatMap((object) => (object.at < old ? ours(object.key) : [])));
  await scan.markFound(listed);
  report.missing += await reportMissing(deps, await scan.unlisted(from, next ?? end, listed));
  return next === null && folder === first ? `${last}/` : next;
}

function ours(key: string): ScannedObject[] {
  if (UPLOADED.test(key)) return [{ key, taskId: null, folder: "uploads" }];
  const [, taskId, folder] = KEY.exec(key) ?? [];
  return taskId === undefined || folder === undefined ? [] : [{ key, taskId, folder }];
}

/** The list may be older than the row: the object itself decides. */
async function reportMissing(
  { scan, storage, logger }: ScanStorageDeps,
  keys: readonly string[],
): Promise<number> {
  const missing = [];
  for (const key of keys) if ((await storage.stat(key)) === null) missing.push(key);
  if (missing.length === 0) return 0;
  const news = await scan.markMissing(missing);
  for (const key of news)
    logger.error({ key }, "an object that a task needs is gone from the storage; restore it from a backup");
  return news.length;
}
