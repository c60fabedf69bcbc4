import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";
import type { Places } from "./pack-places.ts";
import type { ListedFiles } from "./snapshot-files.ts";

const compressed = promisify(zstdCompress);
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

type Found = ReadonlyMap<string, Places>;

/** The list as it lies in a checkpoint; `find` tells where in its bundle objects are. */
export async function packFileList(
  { entries, base, truncated }: ListedFiles,
  find: (objects: Iterable<string>) => Promise<Found>,
): Promise<Buffer> {
  const head: CheckpointListHead = { v: 1, base, truncated };
  const found = await find(entries.flatMap((entry) => (entry.change === "deleted" ? [] : [entry.object])));
  const lines = [JSON.stringify(head)];
  for (const entry of entries) lines.push(JSON.stringify(placed(entry, found)));
  lines.push("");
  return compressed(Buffer.from(lines.join("\n")), FAST);
}

function placed(entry: CheckpointListEntry, found: Found): CheckpointListEntry {
  if (entry.change === "deleted") return entry;
  const places = found.get(entry.object);
  return places === undefined ? entry : { ...entry, places };
}
