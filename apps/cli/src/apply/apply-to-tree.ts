import { AgencyError, isAgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { findArtifact } from "../download/find-artifact.ts";
import { withArtifact } from "../download/with-artifact.ts";
import { EXIT } from "../exit-codes.ts";
import { lineCounts, plural } from "../render/numbers.ts";
import { row } from "../render/row.ts";
import type { Session } from "../session.ts";
import { lineOf, orGone } from "./earlier-tasks.ts";
import type { GitPath, GitTree } from "./git-tree.ts";
import { withHandedOver } from "./handed-over.ts";
import type { handedOver } from "./handed-over.ts";
import { listed } from "./listed.ts";
import { restOverEarlier } from "./over-earlier.ts";
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
    return tellNothing(session, tree, how, "The task changed nothing.");
  }
  const work = (known: GitTree, start: string | null) =>
    withArtifact(session, client, task.id, patch, async (path, folder) => {
      const whole = { path, folder, start };
      const plan = await planOrRefusal(known, whole);
      const over = await overEarlier(session, client, known, { task, path, plan, how }).catch(
        (error: unknown) => {
          // An earlier patch that is damaged is no reason to refuse a whole one that fits.
          if (isLossless(plan) && isAgencyError(error)) return null;
          throw error;
        },
      );
      return over ?? applyWith(session, known, whole, { plan, parentId: task.resumedFrom?.taskId }, how);
    });
  return withHandedOver(session, client, sent, tree, work);
}

/**
 * As the one above, where the work of a task that this one went on from lies here already; the whole patch, even where it
 * fits, would leave what was undone of that. Null: none does, or only the whole fits.
 */
async function overEarlier(
  session: Session,
  client: Client,
  tree: GitTree,
  { task, path, plan: whole, how }: { task: Task; path: string; plan: Judged; how: How },
): Promise<number | null> {
  for await (const one of lineOf(client, task, session.signal)) {
    if (one.id === task.id) continue;
    const patch = await orGone(findArtifact(client, one, "patch", session.signal));
    if (patch === null || patch.bytes === 0) continue;
    const applied = withArtifact(session, client, one.id, patch, async (earlier, folder) => {
      const rest = await restOverEarlier(tree, { patch: path, earlier, folder });
      if (rest === null) return null;
      const over = { path: rest.path, folder, start: rest.start };
      const plan = rest.isEmpty ? null : await planOrRefusal(tree, over);
      if (plan !== null && !isLossless(plan) && isLossless(whole)) return null;
      if (!session.json)
        session.output.note([`The work of task ${one.id}, which it went on from, is here already.`]);
      if (plan === null) return tellNothing(session, tree, how, "Nothing is missing of it.");
      return applyWith(session, tree, over, { plan }, how);
    });
    const code = await orGone(applied);
    if (code !== null) return code;
  }
  return null;
}

function tellNothing(session: Session, tree: GitTree, how: How, sentence: string): number {
  tell(session, tree, NOTHING, how, sentence);
  return EXIT.done;
}

type Told = Pick<PatchPlan, "files" | "local" | "conflicts" | "leftOut" | "filtered"> & {
  runs: RunsByItself[];
};
const NOTHING: Told = { files: [], local: [], conflicts: [], leftOut: [], filtered: [], runs: [] };

interface Patch {
  path: string;
  folder: string;
  start: string | null;
}

type Judged = PatchPlan | AgencyError;

async function planOrRefusal(tree: GitTree, { path, folder, start }: Patch): Promise<Judged> {
  return planPatch(tree, path, folder, start).catch((error: unknown) => {
    if (isAgencyError(error) && error.code === "conflict") return error;
    throw error;
  });
}

function isLossless(plan: Judged): boolean {
  return !isAgencyError(plan) && plan.local.length === 0 && plan.conflicts.length === 0;
}

/** `parentId`: the task it went on from, where the patch holds the work of that one, too. */
async function applyWith(
  session: Session,
  tree: GitTree,
  { path }: Patch,
  { plan, parentId }: { plan: Judged; parentId?: string | undefined },
  how: How,
): Promise<number> {
  if (isAgencyError(plan))
    throw new AgencyError("conflict", plan.message, { next: `${plan.next ?? ""}${hint(parentId)}`.trim() });
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

/** What may be meant by what stands in the way. */
function hint(parentId: string | undefined): string {
  if (parentId === undefined) return "";
  return ` If it is what you applied of task ${parentId}, take that back instead: this task's work holds it, too.`;
}

function refuseLoss({ local, conflicts }: PatchPlan, parentId: string | undefined): void {
  if (local.length > 0) {
    const what = `You have changes of your own in ${plural(local.length, "file")} that the task changed:`;
    throw new AgencyError("conflict", [what, ...listed(local.map(shown))].join("\n"), {
      next: `Commit or stash them first, or merge the task's into them with --force.${hint(parentId)}`,
    });
  }
  if (conflicts.length > 0) {
    const what = `${plural(conflicts.length, "file")} changed here and in the task at the same place:`;
    throw new AgencyError("conflict", [what, ...listed(conflicts.map(shown))].join("\n"), {
      next: `With --force both versions are written, with git's marks between them.${hint(parentId)}`,
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
