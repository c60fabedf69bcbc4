import { lstat, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What could lie about history without being an object: every answer is read from the objects themselves. */
const SETTINGS = `[core]
\tbare = false
\tcommitGraph = false
\tmultiPackIndex = false
\texcludesFile = /dev/null
\tattributesFile = /dev/null
[pack]
\tuseBitmaps = false
[uploadpack]
\tallowAnySHA1InWant = true
[advice]
\taddEmbeddedRepo = false
[filter "lfs"]
\tclean = git-lfs clean -- %f
\trequired = false
`;

/** A new git directory that nobody has set anything in. It is of the same kind as another one, whose hashes it takes. */
export async function writeRepository(folder: string, like: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const part of ["objects/info", "refs/heads"]) await mkdir(join(folder, part), { recursive: true });
  await Promise.all([
    writeFile(join(folder, "HEAD"), "ref: refs/heads/none\n"),
    writeFile(join(folder, "config"), (await formatOf(like)) + SETTINGS),
  ]);
}

/** From now on it also has what the other one has. */
export async function borrowObjects(folder: string, from: string): Promise<void> {
  await writeFile(join(folder, "objects", "info", "alternates"), `${join(from, "objects")}\n`);
  const shallow = await readPlain(join(from, "shallow"));
  if (shallow === null) await rm(join(folder, "shallow"), { force: true });
  else await writeFile(join(folder, "shallow"), shallow);
}

async function formatOf(like: string): Promise<string> {
  const settings = (await readPlain(join(like, "config"))) ?? "";
  return /objectformat\s*=\s*sha256/i.test(settings)
    ? "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha256\n"
    : "[core]\n\trepositoryFormatVersion = 0\n";
}

async function readPlain(path: string): Promise<string | null> {
  const facts = await lstat(path).catch(() => null);
  return facts?.isFile() === true ? readFile(path, "utf8") : null;
}
