import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pushRejection } from "@agency/core";
import type { AttemptCaller, BranchMove, BranchMoved, BranchMover } from "@agency/core";
import type { GitRoute } from "../git/git-route.ts";
import { repositoryOfUrl } from "../git/repository-address.ts";
import { openMirrorDoor } from "../mirrors/mirror-door.ts";
import type { Admission } from "../mirrors/mirror-door.ts";
import { runGit } from "../mirrors/server-git.ts";
import type { GitRun } from "../mirrors/server-git.ts";

export interface BranchMoverOptions {
  /** A folder of the server's own. */
  readonly root: string;
  /** The git broker with the right to push to the branch that is moved, which no attempt has. */
  readonly route: GitRoute;
}

export interface ClosableBranchMover extends BranchMover {
  close(): Promise<void>;
}

const STEP_MS = 5 * 60_000;
const LEFT_MS = 60 * 60_000;
/** Of commits alone, these are some 3 MB; a host that cannot leave out the files sends them, too. */
const DEPTH = 2_000;
const MAX_BYTES = 1024 ** 3;
const [WORK, TARGET] = ["refs/heads/work", "refs/heads/target"];

/**
 * Moves a branch by the server's own git, from a bare repository that is empty before and gone afterwards. Only commits
 * are fetched into it, which tell whether the move is a step forward; git itself pushes forward only.
 */
export async function createBranchMover({ root, route }: BranchMoverOptions): Promise<ClosableBranchMover> {
  const closing = new AbortController();
  const door = await openMirrorDoor(route, MAX_BYTES);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await removeLeft(root);

  async function advance(caller: AttemptCaller, move: BranchMove): Promise<BranchMoved> {
    const address = repositoryOfUrl(move.repositoryUrl);
    if (address === null) return refused(`${move.repositoryUrl} is not the address of a repository`);
    const admission = await door.admit(caller, address, closing.signal, { mayPush: true });
    const repository = join(root, randomUUID());
    const git = (args: readonly string[], settings: Admission["setting"][] = []): Promise<GitRun> =>
      runGit(args, { repository, settings, timeoutMs: STEP_MS, signal: closing.signal });
    try {
      return await moveBy(git, admission, move);
    } finally {
      admission.close();
      await rm(repository, { recursive: true, force: true });
    }
  }

  return {
    advance,
    async close() {
      closing.abort();
      await door.close();
    },
  };
}

/** What a crash left: another server may be at work in the same folder. */
async function removeLeft(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null && Date.now() - facts.mtimeMs > LEFT_MS)
      await rm(path, { recursive: true, force: true });
  }
}

type Git = (args: readonly string[], settings?: Admission["setting"][]) => Promise<GitRun>;

async function moveBy(git: Git, { url, setting }: Admission, move: BranchMove): Promise<BranchMoved> {
  const { from, commit, to } = move;
  const format = commit.length === 64 ? "sha256" : "sha1";
  const init = ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`];
  const made = await git([...init, "--initial-branch=work"]);
  if (!made.ok) return refused(made.stderr);
  const fetched = await git(fetchOf(url, from, to), [setting, ...PARTIAL]);
  if (!fetched.ok) return refused(`${from} and ${to} could not be fetched: ${lastLine(fetched.stderr)}`);
  const now = await git(["rev-parse", "--verify", "--quiet", WORK]);
  if (now.stdout.trim() !== commit) return refused(`${from} is no longer at ${commit}`);
  const isAncestor = async (older: string, newer: string): Promise<boolean> =>
    (await git(["merge-base", "--is-ancestor", older, newer])).ok;
  // Also when somebody has gone on from there since.
  if (await isAncestor(WORK, TARGET)) return { kind: "moved" };
  if (!(await isAncestor(TARGET, WORK))) return { kind: "diverged" };
  const pushed = await git(pushOf(url, commit, to), [setting, ...PARTIAL]);
  if (pushed.ok) return { kind: "moved" };
  const said = pushRejection(pushed.stdout) ?? lastLine(pushed.stderr);
  return /\((?:fetch first|non-fast-forward)\)/.test(said) ? { kind: "diverged" } : refused(said);
}

/** What is missing is missing on purpose: nobody goes and fetches it, file by file. */
const PARTIAL: Admission["setting"][] = [
  ["extensions.partialClone", "origin"],
  ["remote.origin.promisor", "true"],
];

function fetchOf(url: string, from: string, to: string): string[] {
  const how = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
  const little = [`--depth=${DEPTH}`, "--filter=tree:0", "--no-auto-gc", "--no-auto-maintenance"];
  return [
    "fetch",
    ...how,
    ...little,
    "--",
    url,
    `+refs/heads/${from}:${WORK}`,
    `+refs/heads/${to}:${TARGET}`,
  ];
}

function pushOf(url: string, commit: string, to: string): string[] {
  const how = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--no-thin"];
  return ["push", ...how, "--recurse-submodules=no", "--", url, `${commit}:refs/heads/${to}`];
}

function lastLine(text: string): string {
  return text.split("\n").at(-1)?.slice(0, 500) ?? "";
}

function refused(why: string): BranchMoved {
  return { kind: "refused", why };
}
