import { AgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { findArtifact } from "../download/find-artifact.ts";
import { withArtifact } from "../download/with-artifact.ts";
import { EXIT } from "../exit-codes.ts";
import { lineCounts, plural } from "../render/numbers.ts";
import { row } from "../render/row.ts";
import type { Session } from "../session.ts";
import type { GitPath, GitTree } from "./git-tree.ts";
import { withHandedOver } from "./handed-over.ts";
import type { handedOver } from "./handed-over.ts";
import { listed } from "./listed.ts";
import { applyPatch, planPatch } from "./plan-patch.ts";
import type { PatchPlan } from "./plan-patch.ts";
import { aroundOf, runsByItself } from "./runs-by-itself.ts";
import type { RunsByItself } from "./runs-by-itself.ts";
import { warnOfRuns } from "./warn-of-runs.ts";

interface How {
  dryRun: boolean;
  force: boolean;
}

/** The task's patch into a work tree, three-way, nothing staged and nothing lost. */
export async function applyToTree(
  session: Session,
  client: Client,
  { task, sent }: { task: Task; sent: Awaited<ReturnType<typeof handedOver>> },
  tree: GitTree,
  how: How,
): Promise<number> {
  const patch = await findArtifact(client, task, "patch", session.signal);
  if (patch.bytes === 0) {
    tell(session, tree, NOTHING, how, "The task changed nothing.");
    return EXIT.done;
  }
  const work = (known: GitTree, start: string | null) =>
    withArtifact(session, client, task.id, patch, (path, folder) =>
      applyWith(session, known, { path, folder, start, parentId: task.resumedFrom?.taskId ?? null }, how),
    );
  return withHandedOver(session, client, sent, tree, work);
}

type Told = Pick<PatchPlan, "files" | "local" | "conflicts" | "leftOut" | "filtered"> & {
  runs: RunsByItself[];
};
const NOTHING: Told = { files: [], local: [], conflicts: [], leftOut: [], filtered: [], runs: [] };

interface Patch {
  path: string;
  folder: string;
  start: string | null;
  /** The task it went on from: the patch holds the work of that one, too. */
  parentId: string | null;
}

async function applyWith(
  session: Session,
  tree: GitTree,
  { path, folder, start, parentId }: Patch,
  how: How,
): Promise<number> {
  const plan = await planPatch(tree, path, folder, start);
  if (!how.force && !how.dryRun) refuseLoss(plan, parentId);
  const around = await aroundOf(tree, session.world.userHome);
  const changing = plan.files.filter(({ kind }) => kind !== "same");
  const names = changing.map(({ path }) => shown(path));
  const runs = runsByItself(names, around);
  warnOfRuns(session, runs);
  if (!how.dryRun && changing.length > 0) await applyPatch(tree, path, plan);
  const files = plural(changing.length, "file");
  const same = plan.files.length - changing.length;
  const already = same === 0 ? "" : ` As the task left them already: ${same}.`;
  const done = how.dryRun
    ? `${files} would change in ${tree.top}.`
    : `${files} changed in ${tree.top}; nothing is staged.`;
  tell(session, tree, { ...plan, runs }, how, `${done}${already}`);
  return plan.conflicts.length === 0 ? EXIT.done : EXIT.failed;
}

function refuseLoss({ local, conflicts }: PatchPlan, parentId: string | null): void {
  const before =
    parentId === null
      ? ""
      : ` If they are what you applied of task ${parentId}, take that back instead: this task's work holds it, too.`;
  if (local.length > 0) {
    const what = `You have changes of your own in ${plural(local.length, "file")} that the task changed:`;
    throw new AgencyError("conflict", [what, ...listed(local.map(shown))].join("\n"), {
      next: `Commit or stash them first, or merge the task's into them with --force.${before}`,
    });
  }
  if (conflicts.length > 0) {
    const what = `${plural(conflicts.length, "file")} changed here and in the task at the same place:`;
    throw new AgencyError("conflict", [what, ...listed(conflicts.map(shown))].join("\n"), {
      next: `With --force both versions are written, with git's marks between them.${before}`,
    });
  }
}

function tell({ output, json }: Session, tree: GitTree, plan: Told, how: How, sentence: string): void {
  const conflicts = plan.conflicts.map(shown);
  if (json) {
    const files = plan.files.map((file) => ({ ...file, path: shown(file.path) }));
    const leftOut = plan.leftOut.map(({ path, why }) => ({ path: shown(path), why }));
    const { runs } = plan;
    const [local, filtered] = [plan.local.map(shown), plan.filtered.map(shown)];
    const applied = !how.dryRun;
    output.json({ folder: tree.top, applied, files, local, conflicts, leftOut, filtered, runs });
    return;
  }
  const { style, width } = output;
  const paints = { create: style.green, change: style.yellow, delete: style.red, same: style.dim };
  for (const { path, kind, added, removed } of plan.files) {
    const conflict = plan.conflicts.includes(path);
    const meta = added === null ? "binary" : lineCounts(added, removed);
    const [mark, paint] = conflict ? ["both", style.red] : [kind, paints[kind]];
    output.print(row({ style, width }, { mark, text: shown(path), meta, paint }));
  }
  output.print(sentence);
  tellTrouble(output, plan, how);
}

function tellTrouble(output: Session["output"], plan: Told, how: How): void {
  const conflicts = plan.conflicts.map(shown);
  const { leftOut, filtered } = plan;
  if (leftOut.length > 0) {
    const names = leftOut.map(({ path, why }) => `${shown(path)} ${why}`);
    output.note([output.noteStyle.yellow(`Left out ${leftOut.length}:`), ...listed(names)]);
  }
  if (filtered.length > 0)
    output.note([
      "No filter of git's is run here: these come as git stores them:",
      ...listed(filtered.map(shown)),
    ]);
  const own = plural(plan.local.length, "file");
  if (plan.local.length > 0 && how.dryRun) {
    output.note([
      `Your own changes in ${own} stand in the way without --force:`,
      ...listed(plan.local.map(shown)),
    ]);
  }
  if (conflicts.length > 0) {
    const what = how.dryRun ? "would conflict" : "conflict: look for <<<<<<< in";
    output.note([`${plural(conflicts.length, "file")} ${what}:`, ...listed(conflicts)]);
  }
}

const shown = (path: GitPath): string => Buffer.from(path, "latin1").toString("utf8");
