import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { ArchiveError } from "../archive/archive-error.ts";
import { compareFolder } from "../archive/compare-folder.ts";
import type { Comparison } from "../archive/compare-folder.ts";
import { shownPath } from "../archive/entry-path.ts";
import { extractEntries } from "../archive/extract-entries.ts";
import { createFolderWriter } from "../archive/folder-writer.ts";
import type { FolderWriter } from "../archive/folder-writer.ts";
import { openArchive } from "../archive/open-archive.ts";
import { scanEntries } from "../archive/scan-entries.ts";
import type { PlannedEntry, Scanned } from "../archive/scan-entries.ts";
import { tellsCaseApart } from "../archive/case-sensitive.ts";
import { findArtifact } from "../download/find-artifact.ts";
import { withArtifact } from "../download/with-artifact.ts";
import { EXIT } from "../exit-codes.ts";
import { plural } from "../render/numbers.ts";
import { row } from "../render/row.ts";
import type { Session } from "../session.ts";
import { lineOf, orGone } from "./earlier-tasks.ts";
import { findGitTree } from "./git-tree.ts";
import { listed } from "./listed.ts";
import { aroundOf, runsByItself } from "./runs-by-itself.ts";
import type { RunsByItself } from "./runs-by-itself.ts";
import { warnOfRuns } from "./warn-of-runs.ts";

interface How {
  dryRun: boolean;
  force: boolean;
}

/** The task's whole workspace into a folder. The archive was made in a sandbox: all of it is judged first. */
export async function applyToFolder(
  session: Session,
  client: Client,
  task: Task,
  folder: string,
  how: How,
): Promise<number> {
  const archive = await findArtifact(client, task, "archive", session.signal);
  return withArtifact(session, client, task.id, archive, async (path) => {
    const scanned = await scan(path, folder);
    const writer = createFolderWriter(folder);
    const compared = await compareFolder(writer, scanned.entries);
    const own = how.force ? [] : await ownAmong(session, client, task, { ...compared, writer, folder });
    if (!how.dryRun) refuseLoss(compared, own);
    const runs = await runsIn(session, folder, compared);
    warnOfRuns(session, runs);
    if (!how.dryRun) {
      const known = new Set(compared.differ);
      const replaces = (entry: PlannedEntry) => how.force || known.has(entry);
      await extractEntries(openArchive(path), [...compared.create, ...compared.differ], writer, replaces);
    }
    tell(session, folder, scanned, { ...compared, runs }, how);
    return EXIT.done;
  });
}

/** Of what differs, what none of the tasks that this one went on from left as it lies here. */
async function ownAmong(
  session: Session,
  client: Client,
  task: Task,
  { differ, writer, folder }: Pick<Comparison, "differ"> & { writer: FolderWriter; folder: string },
): Promise<PlannedEntry[]> {
  let own = differ;
  for await (const one of lineOf(client, task, session.signal)) {
    if (own.length === 0) break;
    if (one.id === task.id) continue;
    const archive = await orGone(findArtifact(client, one, "archive", session.signal));
    if (archive === null) continue;
    const found = withArtifact(session, client, one.id, archive, async (path) => {
      const { entries } = await scan(path, folder);
      // Of a file here a folder's entry says nothing: it must not pass for the one that was left.
      const others = entries.filter(({ kind }) => kind !== "folder");
      const left = new Map(others.map((entry) => [entry.path, entry]));
      const asked = own.flatMap((entry) => left.get(entry.path) ?? []);
      const still = new Set((await compareFolder(writer, asked)).differ.map((entry) => entry.path));
      return own.filter((entry) => !left.has(entry.path) || still.has(entry.path));
    });
    own = (await orGone(found)) ?? own;
  }
  return own;
}

async function scan(path: string, folder: string): Promise<Scanned> {
  try {
    return await scanEntries(openArchive(path), { caseSensitive: await tellsCaseApart(folder) });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new AgencyError("upstream_failed", `The archive was not unpacked: ${error.message}.`, {
      cause: error,
      next: "It was made in the task's sandbox and is not what Agency makes there. Nothing was written.",
    });
  }
}

function refuseLoss({ inTheWay }: Comparison, own: readonly PlannedEntry[]): void {
  if (inTheWay.length > 0) {
    throw new AgencyError(
      "conflict",
      ["Something else stands where the files belong:", ...listed(inTheWay)].join("\n"),
      {
        next: "Move it away, or run this in an empty folder.",
      },
    );
  }
  if (own.length > 0) {
    const names = own.map(({ path }) => shownPath(path));
    const what = `${plural(names.length, "file")} here would be replaced by another one:`;
    throw new AgencyError("conflict", [what, ...listed(names)].join("\n"), {
      next: "Replace them with --force, or run this in an empty folder.",
    });
  }
}

/** The folder may lie in a work tree of the user's all the same. */
async function runsIn(
  session: Session,
  folder: string,
  { create, differ }: Comparison,
): Promise<RunsByItself[]> {
  const tree = await findGitTree(session, folder).catch((error: unknown) => {
    // A repository that git does not want to read, or no git: then git runs nothing here either.
    if (error instanceof AgencyError) return null;
    throw error;
  });
  const top = tree?.top ?? folder;
  const around = await aroundOf({ top, config: tree?.config ?? [] }, session.world.userHome);
  const within = relative(top, await realpath(folder));
  const names = [...create, ...differ]
    .filter(({ kind }) => kind !== "folder")
    .map(({ path }) => shownPath(path));
  const found = runsByItself(
    names.map((name) => join(within, name)),
    around,
  );
  return found.map(({ path, why }) => ({ path: relative(within, path), why }));
}

function tell(
  { output, json }: Session,
  folder: string,
  scanned: Scanned,
  compared: Comparison & { runs: RunsByItself[] },
  how: How,
): void {
  const created = compared.create.filter(({ kind }) => kind !== "folder").map(({ path }) => shownPath(path));
  const replaced = compared.differ.map(({ path }) => shownPath(path));
  const { leftOut } = scanned;
  const { inTheWay, same, runs } = compared;
  if (json) {
    const applied = !how.dryRun;
    output.json({ folder, applied, created, replaced, same, leftOut, inTheWay, runs });
    return;
  }
  const { style, width } = output;
  const look = { style, width };
  const rows = [
    ...created.map((text) => row(look, { mark: "create", text, paint: style.green })),
    ...replaced.map((text) => row(look, { mark: "change", text, paint: style.yellow })),
  ];
  const would = how.dryRun ? " would be" : "";
  output.print([
    ...rows,
    `${plural(created.length, "file")}${would} created and ${replaced.length} replaced in ${folder}.`,
  ]);
  if (leftOut.length > 0) {
    const names = leftOut.map(({ path, why }) => `${path} ${why}`);
    output.note([output.noteStyle.yellow(`Left out ${leftOut.length}:`), ...listed(names)]);
  }
  if (how.dryRun && inTheWay.length > 0) {
    output.note([output.noteStyle.yellow("In the way:"), ...listed(inTheWay)]);
  }
}
