import type { ArchivedFile, CheckpointFile } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import { formatBytes } from "../render/numbers.ts";
import { oneLine, padEnd, plain } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";

/** What a person can be shown; a program reads all of it. */
const MOST_SHOWN_BYTES = 16 * 1024 * 1024;

type Kept = Omit<CheckpointFile, "kind"> & Pick<ArchivedFile, "kind">;

interface Listing {
  readonly files: Kept[];
  readonly truncated: boolean;
}

/** Where the files are kept: the archive of the workspace, or a checkpoint. */
interface Source {
  list(prefix: string | undefined): Promise<Listing & { readonly deleted?: string[] }>;
  content(path: string): Promise<AsyncIterable<Uint8Array>>;
}

/** Lists the stored workspace of a task, or prints one file of it, without unpacking anything. */
export async function files(
  session: Session,
  reference: string,
  path: string | undefined,
  { from }: { from: number | undefined },
): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const { id } = await findTask(client, reference, signal);
  const source = from === undefined ? archive(client, id, signal) : checkpoint(client, id, from, signal);
  if (path !== undefined && !path.endsWith("/")) return printFile(session, source, path);
  const listing = await source.list(path);
  const { files: found, truncated, deleted } = listing;
  if (json) output.json(listing);
  else if (found.length === 0 && (deleted ?? []).length === 0) output.note("There are no files.");
  else if (deleted === undefined) output.print(found.map(lineOf));
  else output.print(changeLines(found, deleted));
  if (truncated && !json) output.note(output.noteStyle.yellow("Not all of the workspace was kept."));
  return EXIT.done;
}

function archive(client: Client, id: string, signal: AbortSignal): Source {
  return {
    async list(prefix) {
      const files: Kept[] = [];
      for (let page = {}; ;) {
        const { nextAfter, truncated, ...found } = await client.files(
          id,
          { ...under(prefix), ...page },
          { signal },
        );
        files.push(...found.files);
        if (nextAfter === null) return { files, truncated };
        page = { after: nextAfter };
      }
    },
    content: (path) => client.fileContent(id, path, { signal }),
  };
}

function checkpoint(client: Client, id: string, number: number, signal: AbortSignal): Source {
  return {
    async list(prefix) {
      const all = { files: [] as Kept[], deleted: [] as string[] };
      for (let page = {}; ;) {
        const query = { ...under(prefix), ...page };
        const { files, deleted, base, truncated, nextAfter } = await client.checkpointFiles(
          id,
          number,
          query,
          {
            signal,
          },
        );
        all.files.push(...files);
        all.deleted.push(...deleted);
        if (nextAfter === null) return { ...all, base, truncated };
        page = { after: nextAfter };
      }
    },
    content: (path) => client.checkpointFileContent(id, number, path, { signal }),
  };
}

function under(prefix: string | undefined): { prefix?: string } {
  return prefix === undefined ? {} : { prefix };
}

/** By path, with the letters git has for what became of a file. */
function changeLines(found: readonly Kept[], deleted: readonly string[]): string[] {
  const letters = { added: "A", modified: "M" } as const;
  const lines = [
    ...found.map((file) => ({
      path: file.path,
      line: ` ${file.change === undefined ? " " : letters[file.change]}${lineOf(file)}`,
    })),
    ...deleted.map((path) => ({ path, line: ` D  ${padEnd("", 9)}  ${oneLine(path)}` })),
  ];
  return lines.sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ line }) => line);
}

function lineOf({ path, kind, bytes, target, mode }: Kept): string {
  const size = kind === "file" ? (bytes === undefined ? "" : formatBytes(bytes)) : kind;
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

async function printFile({ output, json }: Session, source: Source, path: string): Promise<number> {
  const content = await source.content(path);
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
