import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SandboxMount, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import type { ProfileMounts } from "./profile.ts";
import { codeOf, isMissing } from "./records.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

const run = promisify(execFile);
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export function givenMounts(spec: SandboxSpec, folder: SandboxFolder): ProfileMounts["given"] {
  return (spec.mounts ?? []).map((mount) => ({
    path: pathOf(mount, folder),
    target: mount.target,
    readOnly: mount.readOnly,
  }));
}

/** Moved, not copied: from now on they live and end with the sandbox, and nobody has to look after them. */
export async function takeMounts({ mounts = [] }: SandboxSpec, folder: SandboxFolder): Promise<void> {
  if (mounts.length === 0) return;
  for (const path of [folder.mounts.root, folder.mounts.readOnly, folder.mounts.writable]) {
    await mkdir(path);
    await chmod(path, 0o711);
  }
  await Promise.all(mounts.map((mount) => take(mount, pathOf(mount, folder))));
}

/**
 * What can be written is the sandbox's user's own. It was another sandbox's: chown follows no link, and nothing that
 * runs can change the tree meanwhile.
 */
export async function handOverMounts({ mounts }: SandboxFolder, uid: number): Promise<void> {
  const names = await readdir(mounts.writable).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const paths = names.map((name) => join(mounts.writable, name));
  if (paths.length === 0) return;
  await run("chown", ["-hR", `${uid}:${uid}`, "--", ...paths], { env: ENVIRONMENT });
}

async function take({ source }: SandboxMount, path: string): Promise<void> {
  try {
    await rename(source, path);
  } catch (cause) {
    const why = codeOf(cause) === "EXDEV" ? "it is on another file system" : String(codeOf(cause));
    throw new ProviderError("invalid", `the folder ${source} cannot be taken: ${why}`, { cause });
  }
}

function pathOf({ name, readOnly }: SandboxMount, { mounts }: SandboxFolder): string {
  return join(readOnly ? mounts.readOnly : mounts.writable, name);
}
