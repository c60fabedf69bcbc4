import type { ArchivedFile } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import { formatBytes } from "../render/numbers.ts";
import { oneLine, padEnd, plain } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";

/** What a person can be shown; a program reads all of it. */
const MOST_SHOWN_BYTES = 16 * 1024 * 1024;

/** Lists the stored workspace of a task, or prints one file of it, without unpacking anything. */
export async function files(session: Session, reference: string, path: string | undefined): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  if (path !== undefined && !path.endsWith("/")) return printFile(session, client, task.id, path);
  const { files: found, truncated } = await readAll(client, task.id, path, signal);
  if (json) output.json({ files: found, truncated });
  else if (found.length === 0) output.note("There are no files.");
  else output.print(found.map(lineOf));
  if (truncated && !json) output.note(output.noteStyle.yellow("Not all of the workspace was kept."));
  return EXIT.done;
}

async function readAll(client: Client, id: string, prefix: string | undefined, signal: AbortSignal) {
  const files: ArchivedFile[] = [];
  let after: string | null = null;
  for (;;) {
    const query = { ...(prefix === undefined ? {} : { prefix }), ...(after === null ? {} : { after }) };
    const page = await client.files(id, query, { signal });
    files.push(...page.files);
    after = page.nextAfter;
    if (after === null) return { files, truncated: page.truncated };
  }
}

function lineOf({ path, kind, bytes, target, mode }: ArchivedFile): string {
  const size = kind === "file" ? formatBytes(bytes) : kind;
  const mark =
    kind === "folder"
      ? "/"
      : kind === "link"
        ? ` -> ${oneLine(target ?? "")}`
        : (mode & 0o100) === 0
          ? ""
          : "*";
  return `  ${padEnd(size, 9)}  ${oneLine(path)}${mark}`;
}

async function printFile(
  { output, json, signal }: Session,
  client: Client,
  id: string,
  path: string,
): Promise<number> {
  const content = await client.fileContent(id, path, { signal });
  if (!output.terminal && !json) {
    for await (const bytes of content) await output.raw(bytes);
    return EXIT.done;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of content) {
    chunks.push(bytes);
    size += bytes.length;
    if (size > MOST_SHOWN_BYTES)
      throw new UsageError(`${oneLine(path)} is too large to show.`, "Redirect it: > FILE.");
  }
  const whole = Buffer.concat(chunks);
  if (json) output.json({ path, bytes: size, base64: whole.toString("base64") });
  else if (whole.includes(0)) throw new UsageError(`${oneLine(path)} is not text.`, "Redirect it: > FILE.");
  else output.print(plain(whole.toString("utf8")).replace(/\n$/, ""));
  return EXIT.done;
}
