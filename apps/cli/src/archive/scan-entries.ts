import { createHash } from "node:crypto";
import { ArchiveError } from "./archive-error.ts";
import { foldPath, judgePath, judgeTarget, shownPath } from "./entry-path.ts";
import type { TarEntry } from "./read-tar.ts";
import type { ByteString } from "./tar-header.ts";

export interface PlannedEntry {
  path: ByteString;
  kind: "file" | "folder" | "link";
  size: number;
  mode: number;
  /** Of a file. */
  sha256: string;
  /** Of a link. */
  target: ByteString;
}

interface ScanLimits {
  entries: number;
  bytes: number;
}

/** Runners put at most 200,000 files and 2 GiB of zstd into an archive; a bomb has to stop somewhere. */
const SCAN_LIMITS: ScanLimits = { entries: 1_000_000, bytes: 64 * 1024 ** 3 };

export interface Scanned {
  entries: PlannedEntry[];
  /** What an honest workspace can hold and is not made here, with the reason. */
  leftOut: { path: string; why: string }[];
  bytes: number;
}

interface ScanOptions {
  /** Does the disk tell `a` from `A`? */
  caseSensitive: boolean;
  limits?: ScanLimits;
}

/**
 * Judges a whole archive before anything of it is written. Throws ArchiveError for what no runner makes: names that
 * lead out, one name twice, files below files or links.
 */
export async function scanEntries(
  source: AsyncIterable<TarEntry>,
  { caseSensitive, limits = SCAN_LIMITS }: ScanOptions,
): Promise<Scanned> {
  const scanned: Scanned = { entries: [], leftOut: [], bytes: 0 };
  const tree = createTree(caseSensitive);
  let count = 0;
  for await (const entry of source) {
    count += 1;
    scanned.bytes += entry.size;
    if (count > limits.entries) throw new ArchiveError(`it holds more than ${limits.entries} entries`);
    if (scanned.bytes > limits.bytes) throw new ArchiveError("it unpacks to more than any archive may");
    const judged = judgePath(entry.name);
    const shown = shownPath(entry.name);
    if (!judged.ok) throw new ArchiveError(`${JSON.stringify(shown)} ${judged.why}`);
    if (judged.parts.length === 0) continue;
    const planned = toPlan(entry, judged.parts);
    if (typeof planned === "string") scanned.leftOut.push({ path: shown, why: planned });
    else if (tree.add(judged.parts, planned.kind)) {
      scanned.entries.push(planned);
      if (planned.kind === "file") planned.sha256 = await hashOf(entry.body);
    }
  }
  return scanned;
}

function toPlan(entry: TarEntry, parts: readonly ByteString[]): PlannedEntry | string {
  const { kind, size, target } = entry;
  if (kind !== "file" && kind !== "folder" && kind !== "link")
    return `is ${kind === "unknown kind" ? "of an" : "a"} ${kind}`;
  const why = kind === "link" ? judgeTarget(parts, target) : null;
  // Executable or not is all that git keeps; setuid, setgid, sticky and other people's writing never come along.
  const mode = kind === "folder" ? 0o755 : (entry.mode & 0o755) | 0o600;
  return why ?? { path: parts.join("/"), kind, size, mode, sha256: "", target };
}

interface Tree {
  /** False: the folder is known already. Throws for a second claim on a name. */
  add(parts: readonly ByteString[], kind: PlannedEntry["kind"]): boolean;
}

function createTree(caseSensitive: boolean): Tree {
  const known = new Map<string, { kind: PlannedEntry["kind"]; path: ByteString }>();
  const claim = (path: ByteString, kind: PlannedEntry["kind"]): boolean => {
    const key = caseSensitive ? path : foldPath(path);
    const there = known.get(key);
    if (there === undefined) known.set(key, { kind, path });
    else if (there.kind !== "folder" || kind !== "folder" || there.path !== path) {
      throw new ArchiveError(clash(there.path, path));
    }
    return there === undefined;
  };
  return {
    add: (parts, kind) => {
      for (let depth = 1; depth < parts.length; depth++) claim(parts.slice(0, depth).join("/"), "folder");
      return claim(parts.join("/"), kind);
    },
  };
}

function clash(first: ByteString, second: ByteString): string {
  const [one, other] = [first, second].map((path) => JSON.stringify(shownPath(path)));
  return one === other
    ? `it holds ${one} twice`
    : `${one} and ${other} are the same name on this disk, which does not tell upper from lower case`;
}

async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of body) hash.update(bytes);
  return hash.digest("hex");
}
