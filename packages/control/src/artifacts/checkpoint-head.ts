import { CHECKPOINT_ENTRIES, MAX_CHECKPOINT_LIST } from "@agency/contract";

const BLOCK = 512;
/** What a runner may say of a session in `checkpoint.json`. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Where something lies in the tar of a checkpoint. */
export interface Span {
  readonly start: number;
  readonly bytes: number;
}

export interface CheckpointHead {
  readonly list: Span;
  readonly bundle: Span;
}

export type ReadRange = (from: number, to: number) => Promise<Buffer>;

/**
 * Finds the list of files and the bundle by the headers before them. Null: there is no list where a runner puts it, or
 * something else than a checkpoint is there.
 */
export async function readHead(read: ReadRange, bytes: number): Promise<CheckpointHead | null> {
  const entry = async (at: number, name: string) =>
    at + BLOCK > bytes ? null : headerAt(await read(at, at + BLOCK), at, name);
  const manifest = await entry(0, CHECKPOINT_ENTRIES.manifest);
  if (manifest === null || manifest.bytes > MAX_MANIFEST_BYTES) return null;
  const list = await entry(after(manifest), CHECKPOINT_ENTRIES.files);
  if (list === null || list.bytes > MAX_CHECKPOINT_LIST.packedBytes) return null;
  const bundle = await entry(after(list), CHECKPOINT_ENTRIES.bundle);
  return bundle === null || bundle.start + bundle.bytes > bytes ? null : { list, bundle };
}

function headerAt(header: Buffer, at: number, name: string): Span | null {
  if (header.length < BLOCK) return null;
  const [own] = header.toString("latin1", 0, 100).split("\0");
  const size = /^([0-7]{11})\0/.exec(header.toString("latin1", 124, 136))?.[1];
  const isFile = header.toString("latin1", 156, 157) === "0";
  if (own !== name || !isFile || size === undefined) return null;
  return { start: at + BLOCK, bytes: Number.parseInt(size, 8) };
}

function after({ start, bytes }: Span): number {
  return start + Math.ceil(bytes / BLOCK) * BLOCK;
}
