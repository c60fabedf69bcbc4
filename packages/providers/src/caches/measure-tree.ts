import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
const MEASURE_MS = 20_000;
/** An empty file takes no block, but the disk has only so many inodes: by their count it must not get away with it. */
const INODE_BYTES = 1024;

/**
 * What a tree takes on the disk; 0 when there is nothing in it. Opened up first: a program may have closed folders
 * to itself, and the next one would not get in. Both programs walk by descriptor and follow no link.
 */
export async function measureTree(folder: string): Promise<number> {
  const limits = { env: ENVIRONMENT, timeout: MEASURE_MS };
  await run("chmod", ["-R", "u+rwX", "--", folder], limits).catch(() => undefined);
  if ((await readdir(folder)).length === 0) return 0;
  const [blocks, inodes] = await Promise.all(
    [["-skx"], ["-sx", "--inodes"]].map(async (options) => {
      const { stdout } = await run("du", [...options, "--", folder], limits);
      return Number.parseInt(stdout, 10);
    }),
  );
  return (blocks ?? 0) * 1024 + (inodes ?? 0) * INODE_BYTES;
}
