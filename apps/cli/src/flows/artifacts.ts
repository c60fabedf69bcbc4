import { createHash } from "node:crypto";
import { link, mkdir, rename, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Artifact, Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { hashFile } from "../archive/compare-folder.ts";
import { createFolderWriter } from "../archive/folder-writer.ts";
import { download } from "../download/download.ts";
import { safePath } from "../download/safe-name.ts";
import { EXIT } from "../exit-codes.ts";
import { renderColumns } from "../render/columns.ts";
import { formatAge, formatBytes } from "../render/numbers.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";
import { openerOf } from "./opener.ts";

interface Options {
  output: string | undefined;
  force: boolean;
}

export async function artifacts(
  session: Session,
  reference: string,
  action: string,
  names: string[],
  options: Options,
): Promise<number> {
  const client = await session.client();
  const task = await findTask(client, reference, session.signal);
  const all = await client.artifacts(task.id, { signal: session.signal });
  if (action === "get") return get(session, client, task, choose(all, names), options);
  if (action === "open") return open(session, client, task, all, names, options);
  if (names.length > 0)
    throw new UsageError("ls takes no names.", "Get some of them: agency artifacts ID get NAME.");
  return list(session, all);
}

function list({ output, json, world }: Session, all: Artifact[]): number {
  if (json) output.json(all);
  else if (all.length === 0) output.note("There are no artifacts.");
  else {
    const rows = all.map(({ kind, bytes, createdAt, id, name, expiredAt, missingSince }) => [
      kind,
      expiredAt === undefined ? (missingSince === undefined ? formatBytes(bytes) : "missing") : "expired",
      formatAge(world.clock.now() - Date.parse(createdAt)),
      id.slice(-12),
      oneLine(name),
    ]);
    output.print(renderColumns(["KIND", "SIZE", "AGE", "ID", "NAME"], rows, output.style));
  }
  return EXIT.done;
}

/** By name, kind, id or the end of one; everything when nothing is named. The newest of each name. */
function choose(all: readonly Artifact[], names: readonly string[]): Artifact[] {
  const newest = [...all].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  if (names.length === 0) return [...new Map(newest.map((artifact) => [artifact.name, artifact])).values()];
  const chosen = names.flatMap((name) => {
    const exact = newest.filter(({ id, name: own }) => own === name || id === name).slice(-1);
    const loose = newest.filter(({ id, kind }) => kind === name || (name.length >= 4 && id.endsWith(name)));
    const found = exact.length > 0 ? exact : loose;
    if (found.length > 0) return found;
    throw new AgencyError("not_found", `The task has no artifact "${name}".`, {
      next: "`agency artifacts ID` lists them.",
    });
  });
  return [...new Set(chosen)];
}

async function get(
  session: Session,
  client: Client,
  task: Task,
  chosen: readonly Artifact[],
  options: Options,
): Promise<number> {
  const { output, json } = session;
  if (chosen.length === 0) output.note("There are no artifacts.");
  for (const artifact of chosen) {
    const { path, fresh } = await fetchInto(session, client, task, artifact, options);
    const { name, bytes, sha256 } = artifact;
    if (json) output.json({ name, path, bytes, sha256, fresh });
    else output.print(`${path}  ${output.style.dim(fresh ? formatBytes(bytes) : "was here already")}`);
  }
  return EXIT.done;
}

/** The part of a name that tells one stored content from another. */
const partName = ({ id, sha256 }: Artifact): string =>
  `.agency-part-${createHash("sha256").update(`${id} ${sha256}`).digest("hex").slice(0, 24)}`;

async function fetchInto(
  session: Session,
  client: Client,
  task: Task,
  artifact: Artifact,
  { output, force }: Options,
): Promise<{ path: string; fresh: boolean }> {
  const folder = resolve(session.world.cwd, output ?? ".");
  await mkdir(folder, { recursive: true });
  const writer = createFolderWriter(folder);
  const name = Buffer.from(safePath(artifact.name)).toString("latin1");
  const path = writer.at(name).toString();
  const there = await writer.look(name);
  if (there?.kind === "file" && (await hashFile(path)) === artifact.sha256) return { path, fresh: false };
  if (there !== null && (!force || there.kind === "folder")) {
    throw new AgencyError("conflict", `${path} is there already and is not the same.`, {
      next:
        there.kind === "folder"
          ? "Choose another folder with -o."
          : "Replace it with --force, or choose another folder with -o.",
    });
  }
  // In the folder itself, so that the last step is a move; a later call finds it and goes on.
  const part = writer.at(partName(artifact)).toString();
  await download(session, client, task.id, artifact, part);
  if (name.includes("/")) await writer.folder(name.slice(0, name.lastIndexOf("/")));
  if (force) await rename(part, path);
  else {
    await link(part, path);
    await unlink(part);
  }
  return { path, fresh: true };
}

/** What a desktop shows without running any of it. The end of the name decides what a desktop takes it for. */
const HARMLESS = /\.(?:png|jpe?g|gif|webp|txt|log|md|patch|diff)$/i;

async function open(
  session: Session,
  client: Client,
  task: Task,
  all: readonly Artifact[],
  names: readonly string[],
  options: Options,
): Promise<number> {
  const { world, output, json } = session;
  if (names.length === 0)
    throw new UsageError("Say which artifact to open.", "`agency artifacts ID` lists them.");
  const opener = openerOf(world.platform, world.env);
  for (const artifact of choose(all, names)) {
    const { path } = await fetchInto(session, client, task, artifact, options);
    if (json) output.json({ name: artifact.name, path });
    else output.print(path);
    const shows = HARMLESS.test(path);
    if (opener !== null && output.terminal && !json && shows) world.processes.launch(opener, [path]);
    if (!shows)
      output.note("It was made in a sandbox and could run when opened: open it yourself if you trust it.");
  }
  return EXIT.done;
}
