import { AgencyError } from "@agency/contract";
import { storageKeyProblem } from "@agency/core";
import { join } from "node:path";

/**
 * No key part holds a `+` or a `~`. Folders end in `+`, so that the object `a` and the folder of `a/b` live
 * side by side; `~work` holds what is being written or removed.
 */
export interface LocalPaths {
  readonly root: string;
  readonly work: string;
  object(key: string): { folder: string; file: string };
  folder(prefix: string): string;
}

export function localPaths(root: string): LocalPaths {
  const folder = (parts: readonly string[]) => join(root, ...parts.map((part) => `${part}+`));
  return {
    root,
    work: join(root, "~work"),
    object(key) {
      const parts = partsOf(key);
      const inside = folder(parts.slice(0, -1));
      return { folder: inside, file: join(inside, ...parts.slice(-1)) };
    },
    folder: (prefix) => folder(partsOf(prefix)),
  };
}

function partsOf(key: string): string[] {
  const problem = storageKeyProblem(key);
  if (problem === null) return key.split("/");
  throw new AgencyError(
    "invalid_request",
    `The storage key ${JSON.stringify(key.slice(0, 80))} ${problem}.`,
    {
      next: "Use parts of letters, digits, dot, underscore and dash, joined by slashes.",
    },
  );
}
