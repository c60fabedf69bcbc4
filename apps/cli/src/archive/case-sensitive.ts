import { randomBytes } from "node:crypto";
import { lstat, mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** Asks the disk itself: the same system can have both kinds. */
export async function tellsCaseApart(folder: string): Promise<boolean> {
  const name = `.agency-case-${randomBytes(6).toString("hex")}`;
  await mkdir(join(folder, name));
  try {
    await lstat(join(folder, name.toUpperCase()));
    return false;
  } catch {
    return true;
  } finally {
    await rmdir(join(folder, name));
  }
}
