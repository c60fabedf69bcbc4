import { lstat } from "node:fs/promises";
import { judgePath, judgeTarget, shownPath } from "../archive/entry-path.ts";
import { splitNul } from "./git-tree.ts";
import type { GitPath, GitTree } from "./git-tree.ts";

export interface LeadsOut {
  path: GitPath;
  why: string;
}

/** Links among the files that would lead out of the tree, as an index has them after the patch. */
export async function linksOut(
  tree: GitTree,
  index: string,
  touched: readonly GitPath[],
): Promise<LeadsOut[]> {
  const wanted = new Set(touched);
  const links = splitNul(await tree.need(["ls-files", "-s", "-z"], { index })).flatMap((entry) => {
    const [, object, path] = /^120000 ([0-9a-f]+) \d\t(.*)$/s.exec(entry) ?? [];
    return object === undefined || path === undefined || !wanted.has(path) ? [] : { object, path };
  });
  const targets = await contents(
    tree,
    links.map(({ object }) => object),
  );
  const judged = links.flatMap(({ object, path }) => {
    const why = judgeTarget(path.split("/"), targets.get(object) ?? "");
    return why === null ? [] : { path, why };
  });
  return [...new Map(judged.map((found) => [found.path, found])).values()];
}

/**
 * Files the patch would change through a link that is here, or through one it has no business with. Git looks for links
 * in the index alone: through one that nobody added it writes.
 */
export async function behindLinks(top: string, touched: readonly GitPath[]): Promise<string[]> {
  const own = new Set(touched);
  const known = new Map<GitPath, Promise<boolean>>();
  const isLink = (path: GitPath): Promise<boolean> => {
    const asked = known.get(path) ?? isLinkAt(top, path);
    known.set(path, asked);
    return asked;
  };
  const found: string[] = [];
  for (const path of touched) {
    const judged = judgePath(path);
    if (!judged.ok) found.push(`${shownPath(path)} ${judged.why}`);
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      // Git itself sees to the order when the patch puts a folder in the place of a link.
      if (own.has(parent) || !(await isLink(parent))) continue;
      found.push(`${shownPath(path)} lies behind the link ${shownPath(parent)}`);
      break;
    }
  }
  return found;
}

async function isLinkAt(top: string, path: GitPath): Promise<boolean> {
  const at = Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
  return (await lstat(at).catch(() => null))?.isSymbolicLink() === true;
}

async function contents(tree: GitTree, objects: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (objects.length === 0) return found;
  const input = objects.map((object) => `${object}\n`).join("");
  const output = await tree.need(["cat-file", "--batch"], { input });
  for (let at = 0; at < output.length;) {
    const end = output.indexOf("\n", at);
    const [object = "", , size = ""] = output.slice(at, end).split(" ");
    const from = end + 1;
    found.set(object, output.slice(from, from + Number(size)));
    at = from + Number(size) + 1;
  }
  return found;
}

/** For `git apply --exclude`, which takes a pattern: what cannot be told byte by byte may be any byte. */
export function patternOf(path: GitPath): string {
  const escaped = path.replace(/[\\*?[\]]/g, "\\$&");
  const text = Buffer.from(escaped, "latin1").toString("utf8");
  return Buffer.from(text).toString("latin1") === escaped ? text : escaped.replace(/[\x80-\xff]/g, "?");
}
