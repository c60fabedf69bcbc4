import { api } from "../../../lib/api.ts";
import { byPath } from "./file-list.ts";
import type { ReadPage } from "./file-list.ts";
import type { Place } from "./file-place.ts";

const PAGE = 1000;

export function pagesOf(taskId: string, { at }: Place, signal: AbortSignal): ReadPage {
  return async (after) => {
    const query = after === null ? { limit: PAGE } : { limit: PAGE, after };
    if (at === "end") {
      const { files, truncated, nextAfter } = await api.files(taskId, query, { signal });
      const entries = files.flatMap(({ kind, ...file }) => (kind === "folder" ? [] : [{ ...file, kind }]));
      return { entries, truncated, after: nextAfter };
    }
    const { files, deleted, truncated, nextAfter } = await api.checkpointFiles(taskId, at, query, { signal });
    const gone = deleted.map((path) => ({ path, kind: "file" as const, change: "deleted" as const }));
    return { entries: byPath([...files, ...gone]), truncated, after: nextAfter };
  };
}

export function readAt(taskId: string, { at }: Place, path: string, signal: AbortSignal) {
  return at === "end"
    ? api.fileContent(taskId, path, { signal })
    : api.checkpointFileContent(taskId, at, path, { signal });
}

export function downloadOf(taskId: string, { at }: Place, path: string): string {
  const files = at === "end" ? "files" : `checkpoints/${at}/files`;
  return `/v1/tasks/${encodeURIComponent(taskId)}/${files}/content?path=${encodeURIComponent(path)}`;
}
