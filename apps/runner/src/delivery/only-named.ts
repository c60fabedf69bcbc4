import { splitNul } from "../workspace/nul-lists.ts";
import type { Git, GitCall } from "../workspace/git.ts";

const GITLINK = "160000";
const DELETED = "D";
const MOST_NAMED = 20;

interface Change {
  readonly path: Buffer;
  readonly mode: string;
  readonly id: string;
}

/** What the commit only names and does not hold: repositories inside the workspace, and contents that Git LFS keeps. */
export async function onlyNamed(git: Git, base: string, tree: string, call: GitCall): Promise<string[]> {
  const listed = await git(
    ["diff-tree", "-r", "--ignore-submodules=none", "-z", "--raw", "--no-renames", base, tree],
    call,
  );
  const changes = changesOf(splitNul(listed.stdout));
  const nested = changes.filter(({ mode }) => mode === GITLINK).slice(0, MOST_NAMED);
  const told = nested.map(
    ({ path, id }) =>
      `${JSON.stringify(path.toString())} is a repository of its own: the commit only says that it is at ${id.slice(0, 12)}, its files are not in it.`,
  );
  const kept = await keptByLfs(git, changes, call);
  const [first] = kept;
  return first === undefined
    ? told
    : [
        ...told,
        `Git LFS keeps the contents of ${kept.length} changed files, ${JSON.stringify(first)} first: the commit only names them, and they are in the workspace's archive.`,
      ];
}

async function keptByLfs(git: Git, changes: readonly Change[], call: GitCall): Promise<string[]> {
  const files = changes.filter(({ mode }) => mode !== GITLINK);
  if (files.length === 0) return [];
  const input = Buffer.concat(files.flatMap(({ path }) => [path, Buffer.from([0])]));
  const told = await git(["check-attr", "-z", "--stdin", "filter"], { ...call, input });
  // Path, attribute, value, of each.
  const fields = splitNul(told.stdout).map((field) => field.toString());
  return fields.filter((_, at) => at % 3 === 0 && fields[at + 2] === "lfs");
}

/** `:<mode> <mode> <id> <id> <status>`, then the path. */
function changesOf(fields: readonly Buffer[]): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = "", , id = "", status] = fields[at]?.toString().split(" ") ?? [];
    const path = fields[at + 1];
    if (path !== undefined && status !== DELETED) changes.push({ path, mode, id });
  }
  return changes;
}
