import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";
import type { PackPlaces } from "./pack-index.ts";
import type { ListedFiles } from "./snapshot-files.ts";

const compressed = promisify(zstdCompress);
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The list as it lies in a checkpoint: where to find what is in the bundle, `headerBytes` of which are before the pack. */
export function packFileList(
  { entries, base, truncated }: ListedFiles,
  places: PackPlaces,
  headerBytes: number,
): Promise<Buffer> {
  const head: CheckpointListHead = { v: 1, base, truncated };
  const lines = [JSON.stringify(head)];
  for (const entry of entries) lines.push(JSON.stringify(placed(entry, places, headerBytes)));
  lines.push("");
  return compressed(Buffer.from(lines.join("\n")), FAST);
}

function placed(entry: CheckpointListEntry, places: PackPlaces, headerBytes: number): CheckpointListEntry {
  if (entry.change === "deleted") return entry;
  const found = places.get(entry.object);
  return found === undefined ? entry : { ...entry, place: [headerBytes + found[0], found[1]] };
}
