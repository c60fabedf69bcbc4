import { createHash, randomBytes } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MachineProblem } from "./machine-problem.ts";
import type { OwnFiles } from "./context.ts";
import { OWN_FILES } from "./profile.ts";
import { codeOf } from "./records.ts";
import { isSupportedArchitecture, seccompFilter } from "./seccomp/filter.ts";

type Content = readonly [name: string, content: string | Buffer];

/** Written once for all sandboxes, under a name that changes with the content. */
export function createOwnFiles(runtime: string, architecture: string): () => Promise<OwnFiles> {
  if (!isSupportedArchitecture(architecture)) return () => Promise.reject(unsupported(architecture));
  const contents: Content[] = [
    ["seccomp.bpf", seccompFilter(architecture)],
    ...Object.entries(OWN_FILES).map(([path, text]): Content => [basename(path), text]),
  ];
  const hash = createHash("sha256");
  for (const [name, content] of contents) hash.update(name).update(content);
  const folder = join(runtime, "own", hash.digest("hex").slice(0, 16));
  const seccomp = join(folder, "seccomp.bpf");
  const files = Object.fromEntries(
    Object.keys(OWN_FILES).map((path) => [path, join(folder, basename(path))]),
  );
  return async () => {
    if (!(await isThere(seccomp))) await writeAtomically(folder, contents);
    return { seccomp, files };
  };
}

function unsupported(architecture: string): MachineProblem {
  const what = `no system call filter is known for ${architecture}, and no sandbox is made without one`;
  return new MachineProblem("unavailable", what, "use an x64 or arm64 machine");
}

async function writeAtomically(folder: string, contents: readonly Content[]): Promise<void> {
  const fresh = `${folder}.${randomBytes(6).toString("hex")}`;
  await mkdir(fresh, { recursive: true });
  try {
    for (const [name, content] of contents) await writeFile(join(fresh, name), content, { mode: 0o644 });
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
