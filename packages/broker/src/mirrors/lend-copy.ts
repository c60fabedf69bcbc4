import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listPacks } from "./mirror-packs.ts";

const SETTINGS = "[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n";

/**
 * A repository with the packs of the mirror as hard links: made in a millisecond, and whatever becomes of the mirror
 * (repacked, evicted, thrown away) the sandbox keeps what it began with. Nothing in it can be written from inside: it
 * is mounted read-only, which a link made by the sandbox cannot get around.
 */
export async function lendCopy(repository: string, to: string): Promise<void> {
  try {
    for (const folder of ["", "refs", "objects", "objects/info", "objects/pack"])
      await makeOpen(join(to, folder));
    const packs = await listPacks(repository);
    const links = [...packs.values()].flat().map((file) => join("objects", "pack", file));
    await Promise.all([
      ...links.map((path) => link(join(repository, path), join(to, path))),
      writeOpen(join(to, "HEAD"), "ref: refs/heads/main\n"),
      writeOpen(join(to, "config"), SETTINGS),
      readFile(join(repository, "packed-refs")).then((refs) => writeOpen(join(to, "packed-refs"), refs)),
    ]);
  } catch (error) {
    await rm(to, { recursive: true, force: true });
    throw error;
  }
}

/** For the sandbox's own user, whatever our umask says. */
async function makeOpen(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}

async function writeOpen(path: string, content: string | Buffer): Promise<void> {
  await writeFile(path, content);
  await chmod(path, 0o644);
}
