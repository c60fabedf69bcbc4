import { join } from "node:path";
import { ProviderError } from "@agency/core";
import type { SandboxRef } from "@agency/core";

export const PROVIDER_ID = "local";

/** Where everything of one sandbox lies on the host. `control` is never seen from inside. */
export interface SandboxFolder {
  readonly name: string;
  readonly root: string;
  readonly workspace: string;
  readonly home: string;
  /** Where checks are made, apart from both. */
  readonly checks: string;
  /** What the sandbox was given beside: read-only ones go with its end, the others with its files. */
  readonly mounts: { readonly root: string; readonly readOnly: string; readonly writable: string };
  readonly control: {
    readonly root: string;
    readonly record: string;
    readonly processes: string;
    readonly holder: string;
    readonly status: string;
    readonly exit: string;
    readonly end: string;
    readonly console: string;
    readonly arguments: string;
    readonly bootstrap: string;
  };
}

const ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/u;
const NAME = /^(?<id>[A-Za-z0-9][A-Za-z0-9-]{0,62})\.(?<generation>[1-9]\d{0,9}|0)$/u;

export function isSandboxId(id: string): boolean {
  return ID.test(id);
}

/** One folder a generation: a later one never touches the work of an earlier one. */
export function folderName(id: string, generation: number): string {
  return `${id}.${generation}`;
}

export function parseFolderName(name: string): { id: string; generation: number } | null {
  const groups = NAME.exec(name)?.groups;
  if (groups?.id === undefined || groups.generation === undefined) return null;
  return { id: groups.id, generation: Number(groups.generation) };
}

/** One creator or destroyer at a time for all generations of a sandbox. */
export function lockKey(home: string, id: string): string {
  return `${home}\n${id}`;
}

export function cgroupName(installId: string, folder: SandboxFolder): string {
  return `${installId}.${folder.name}`;
}

export function refOf(name: string): SandboxRef {
  return { provider: PROVIDER_ID, nativeId: name };
}

/** References come back from a database: one that could leave `home` is refused. */
export function folderOf(home: string, ref: SandboxRef): SandboxFolder {
  if (ref.provider !== PROVIDER_ID || parseFolderName(ref.nativeId) === null) {
    throw new ProviderError("invalid", `"${ref.nativeId}" of "${ref.provider}" is no local sandbox`);
  }
  return folderAt(join(home, ref.nativeId), ref.nativeId);
}

export function folderAt(root: string, name: string): SandboxFolder {
  const control = join(root, "control");
  const mounts = join(root, "mounts");
  return {
    name,
    root,
    workspace: join(root, "workspace"),
    home: join(root, "home"),
    checks: join(root, "checks"),
    mounts: { root: mounts, readOnly: join(mounts, "read-only"), writable: join(mounts, "writable") },
    control: {
      root: control,
      record: join(control, "record.json"),
      processes: join(control, "processes.json"),
      holder: join(control, "holder"),
      status: join(control, "status.json"),
      exit: join(control, "exit"),
      end: join(control, "end.json"),
      console: join(control, "console.log"),
      arguments: join(control, "arguments"),
      bootstrap: join(control, "bootstrap.json"),
    },
  };
}
