import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** Files below a folder that contain one of the texts. */
export async function filesWith(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (!facts?.isFile() || facts.size > 64 * 1024 * 1024) continue;
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (texts.some((text) => content.includes(text))) found.push(path);
  }
  return found;
}
