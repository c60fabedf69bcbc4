import type { Entry } from "./file-list.ts";

export interface Folder {
  /** With a slash at its end; "" at the top. */
  path: string;
  name: string;
  folders: Folder[];
  files: { name: string; file: Entry }[];
  /** How many files in it, at any depth, are not as they were. */
  changed: number;
}

/** An agent can nest folders by the thousand: what lies deeper stands there with the rest of its path as its name. */
const DEEPEST = 40;

export function treeOf(files: readonly Entry[]): Folder {
  const top: Folder = { path: "", name: "", folders: [], files: [], changed: 0 };
  const known = new Map<string, Folder>([["", top]]);
  for (const file of files) {
    const parts = file.path.split("/");
    const above = parts.slice(0, Math.min(parts.length - 1, DEEPEST));
    const changed = file.change === undefined ? 0 : 1;
    top.changed += changed;
    const folder = above.reduce((parent, name) => {
      const inner = folderIn(known, parent, name);
      inner.changed += changed;
      return inner;
    }, top);
    folder.files.push({ name: parts.slice(above.length).join("/"), file });
  }
  return top;
}

function folderIn(known: Map<string, Folder>, parent: Folder, name: string): Folder {
  const path = `${parent.path}${name}/`;
  const found = known.get(path);
  if (found !== undefined) return found;
  const folder: Folder = { path, name, folders: [], files: [], changed: 0 };
  known.set(path, folder);
  parent.folders.push(folder);
  return folder;
}
