import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SnapshotStore } from "./snapshot-store.ts";
import { check } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

/**
 * The smallest there is: also changes of what the other side has, of large files too. A file of it cannot be read
 * without that, but a byte more in each of three databases is a kilobyte here, and more than a checkpoint holds there.
 */
export async function thinBundle(
  { ours, folder }: SnapshotStore,
  refs: Readonly<Record<string, string>>,
  without: string,
  call: SnapshotCall,
): Promise<{ file: string; bytes: number }> {
  const file = join(folder, "thin.bundle");
  await Promise.all([rm(file, { force: true }), rm(`${file}.lock`, { force: true })]);
  // Plain files instead of `update-ref`: a process less each, in a directory nobody else reads.
  for (const [name, commit] of Object.entries(refs))
    await writeFile(join(folder, "refs", "agency", name), `${commit}\n`);
  const names = Object.keys(refs).map((name) => `refs/agency/${name}`);
  const create = ["-c", "core.bigFileThreshold=512m", "bundle", "create", "--quiet", file, ...names];
  check("Packing the workspace", await ours([...create, `^${without}`], call));
  return { file, bytes: (await stat(file)).size };
}
