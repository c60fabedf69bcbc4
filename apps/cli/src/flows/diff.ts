import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { findArtifact } from "../download/find-artifact.ts";
import { withArtifact } from "../download/with-artifact.ts";
import { EXIT } from "../exit-codes.ts";
import { lineCounts, plural } from "../render/numbers.ts";
import { patchStat, renderPatch } from "../render/patch.ts";
import type { FileStat } from "../render/patch.ts";
import { joined, row } from "../render/row.ts";
import type { Session } from "../session.ts";
import { findTask } from "./find-task.ts";

/** What a task changed: for `git apply` in a pipe, coloured on a terminal. */
export async function diff(session: Session, reference: string, stat: boolean): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  const patch = await findArtifact(client, task, "patch", signal);
  return withArtifact(session, client, task.id, patch, async (path) => {
    if (patch.bytes === 0 && !json) output.note("The task changed nothing.");
    else if (stat || json) printStat(session, patchStat(await readFile(path, "utf8")));
    else if (output.terminal) output.print(renderPatch(await readFile(path, "utf8"), output.style));
    else for await (const bytes of createReadStream(path)) await output.raw(bytes as Buffer);
    return EXIT.done;
  });
}

function printStat({ output, json }: Session, files: FileStat[]): void {
  if (json) return output.json(files);
  const { style, width } = output;
  const sum = (of: (file: FileStat) => number | null) =>
    files.reduce((total, file) => total + (of(file) ?? 0), 0);
  const rows = files.map(({ path, added, removed }) => {
    const meta = added === null ? "binary" : lineCounts(added, removed);
    return row({ style, width }, { mark: "", text: path, meta });
  });
  const total = lineCounts(
    sum((file) => file.added),
    sum((file) => file.removed),
  );
  output.print([...rows, style.bold(joined(`${plural(files.length, "file")} changed`, total))]);
}
