import { isUtf8 } from "node:buffer";
import { readlinkSync } from "node:fs";
import type { Stats } from "node:fs";
import { open } from "node:fs/promises";
import type { ArchiveManifest } from "@agency/contract";
import { FRAME_BYTES, FrameWriter } from "./frame-writer.ts";
import type { Span } from "./frame-writer.ts";
import { inWorkspace, statOf } from "./list-workspace.ts";
import { openPlainFile } from "./read-file.ts";
import type { OpenFile } from "./read-file.ts";
import { BLOCK, tarHeader, tarPadding } from "./tar-header.ts";
import type { TarEntry } from "./tar-header.ts";

export const TRUNCATED = "AGENCY-TRUNCATED.txt";
const END = Buffer.alloc(2 * BLOCK);
const MOST_NAMED = 1000;
/** Git lists what an index holds, also what only a forged one can: whoever unpacks it would be led elsewhere. */
const MISLEADING = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

export interface ArchiveOptions {
  workspace: string;
  paths: Iterable<Buffer>;
  /** False: not even the list of paths is whole. */
  complete: boolean;
  /** Where the archive is written. */
  to: string;
  /** Content beyond this is left out, file by file. */
  maxBytes: number;
  maxFiles: number;
  /** What the marker of a cut archive is dated. */
  now: number;
  signal: AbortSignal;
}

export interface WrittenArchive {
  readonly bytes: number;
  readonly sha256: string;
  readonly manifest: ArchiveManifest;
  readonly leftOut: readonly string[];
}

type ManifestFile = ArchiveManifest["files"][number];

/** Writes a tar.zst of the files as they are found; what vanishes or changes meanwhile never breaks it. */
export async function writeArchive(options: ArchiveOptions): Promise<WrittenArchive> {
  const file = await open(options.to, "w", 0o600);
  const frames = new FrameWriter(file);
  try {
    return await new ArchiveWriter(options, frames).write();
  } finally {
    frames.close();
    await file.close();
  }
}

class ArchiveWriter {
  readonly #options: ArchiveOptions;
  readonly #frames: FrameWriter;
  readonly #files: { file: Omit<ManifestFile, keyof Span>; span: Span }[] = [];
  readonly #leftOut: string[] = [];
  readonly #plainFolders = new Set<string>();
  #bytes = 0;

  constructor(options: ArchiveOptions, frames: FrameWriter) {
    this.#options = options;
    this.#frames = frames;
  }

  async write(): Promise<WrittenArchive> {
    const { paths, signal, complete } = this.#options;
    if (!complete) this.#leftOut.push("(more files than can be listed)");
    for (const path of paths) {
      signal.throwIfAborted();
      await this.#add(path);
    }
    const truncated = this.#leftOut.length > 0;
    if (truncated) await this.#addMarker();
    await this.#write(END);
    const { bytes, sha256 } = await this.#frames.end();
    const files = this.#files.map(({ file, span }) => ({ ...file, ...span }));
    return { bytes, sha256, manifest: { v: 1, truncated, files }, leftOut: this.#leftOut };
  }

  async #add(path: Buffer): Promise<void> {
    const { workspace, maxFiles } = this.#options;
    if (MISLEADING.test(path.toString("latin1"))) return this.#skip(path, "no name of a file in a workspace");
    if (!this.#liesInPlainFolders(path)) return;
    const stats = statOf(workspace, path);
    // Deleted, though the index still names it.
    if (stats === null) return;
    if (this.#files.length >= maxFiles) return this.#skip(path, "too many files");
    if (stats.isSymbolicLink()) return this.#addLink(path, stats);
    if (stats.isDirectory())
      return this.#addEntry({ ...common(path, stats), kind: "folder", bytes: 0 }, null);
    if (!stats.isFile()) return this.#skip(path, "not a file, a link or a folder");
    return this.#addFile(path, stats.size);
  }

  async #addFile(path: Buffer, size: number): Promise<void> {
    const { workspace, maxBytes } = this.#options;
    if (this.#bytes + size > maxBytes)
      return this.#skip(path, `${size} bytes: the archive would be too large`);
    const file = openPlainFile(inWorkspace(workspace, path));
    if (file === null) return this.#skip(path, "cannot be read");
    try {
      const bytes = file.stats.size;
      if (this.#bytes + bytes > maxBytes)
        return this.#skip(path, `${bytes} bytes: the archive would be too large`);
      await this.#addEntry({ ...common(path, file.stats), kind: "file", bytes }, file);
    } finally {
      file.close();
    }
  }

  async #addLink(path: Buffer, stats: Stats): Promise<void> {
    const target = linkTarget(inWorkspace(this.#options.workspace, path));
    if (target === null) return this.#skip(path, "cannot be read");
    await this.#addEntry({ ...common(path, stats), kind: "link", bytes: 0, target }, null);
  }

  async #addMarker(): Promise<void> {
    const more = this.#leftOut.length - MOST_NAMED;
    const lines = [
      "Not everything of the workspace is in this archive. Left out:",
      ...this.#leftOut.slice(0, MOST_NAMED),
      ...(more > 0 ? [`and ${more} more`] : []),
    ];
    const content = Buffer.from(`${lines.join("\n")}\n`);
    const bytes = content.length;
    const entry = {
      path: Buffer.from(TRUNCATED),
      kind: "file",
      mode: 0o644,
      mtimeMs: this.#options.now,
      bytes,
    } as const;
    let at = 0;
    const read = (into: Buffer): void => {
      at += content.copy(into, 0, at);
    };
    await this.#addEntry(entry, { read });
  }

  /** A small file shares its frame with others; a large one has frames of its own. */
  async #addEntry(entry: TarEntry, content: Pick<OpenFile, "read"> | null): Promise<void> {
    const { bytes } = entry;
    await this.#write(tarHeader(entry));
    const isLarge = bytes >= FRAME_BYTES;
    if (isLarge) await this.#frames.cut();
    const span = this.#frames.begin();
    if (content !== null) await this.#writeContent(content, bytes, span);
    if (isLarge) await this.#frames.cut();
    await this.#write(tarPadding(bytes));
    this.#bytes += bytes;
    this.#files.push({ file: manifestFile(entry), span });
  }

  #write(bytes: Buffer): Promise<void> {
    return this.#frames.fill(bytes.length, (into) => bytes.copy(into));
  }

  async #writeContent(content: Pick<OpenFile, "read">, bytes: number, span: Span): Promise<void> {
    for (let left = bytes; left > 0; left -= FRAME_BYTES) {
      this.#options.signal.throwIfAborted();
      await this.#frames.fill(Math.min(left, FRAME_BYTES), content.read, span);
    }
  }

  #skip(path: Buffer, why: string): void {
    this.#leftOut.push(`${JSON.stringify(path.toString())}: ${why}`);
  }

  /** A folder that has become a link since git last looked leads who knows where. */
  #liesInPlainFolders(path: Buffer): boolean {
    const slash = path.lastIndexOf("/");
    if (slash === -1) return true;
    const folder = path.subarray(0, slash);
    const key = folder.toString("latin1");
    if (this.#plainFolders.has(key)) return true;
    const isPlain =
      this.#liesInPlainFolders(folder) && (statOf(this.#options.workspace, folder)?.isDirectory() ?? false);
    if (isPlain) this.#plainFolders.add(key);
    return isPlain;
  }
}

function common(path: Buffer, stats: Stats): Pick<TarEntry, "path" | "mode" | "mtimeMs"> {
  return { path, mode: stats.mode, mtimeMs: stats.mtimeMs };
}

function manifestFile({ path, kind, bytes, mode, target }: TarEntry): Omit<ManifestFile, keyof Span> {
  return {
    path: path.toString(),
    kind,
    bytes,
    mode: mode & 0o777,
    ...(target === undefined ? {} : { target: target.toString() }),
    ...(isUtf8(path) ? {} : { pathBytes: path.toString("base64") }),
  };
}

function linkTarget(path: Buffer): Buffer | null {
  try {
    return readlinkSync(path, { encoding: "buffer" });
  } catch {
    return null;
  }
}
