import { readFile, readdir } from "node:fs/promises";

const CLOSE_ON_EXEC = 0o2_000_000;
const FIRST_BEYOND_STDIO = 3;

/**
 * Descriptors the server itself was started with and that its children would inherit. Node closes
 * those up to 15 for its children and opens its own so that they close by themselves; what is left
 * would be an open file of the host inside a sandbox.
 */
export async function inheritedDescriptors(): Promise<number[]> {
  const names = await readdir("/proc/self/fd");
  const open = names.map(Number).filter((fd) => fd >= FIRST_BEYOND_STDIO);
  const inherited = await Promise.all(open.map(isInherited));
  return open.filter((_, index) => inherited[index]);
}

export function closesOnExec(fdinfo: string): boolean {
  const flags = /^flags:\s*(\d+)/mu.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0;
}

async function isInherited(fd: number): Promise<boolean> {
  // Gone meanwhile: the descriptor was the one that read this very folder.
  const info = await readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => null);
  return info !== null && !closesOnExec(info);
}
