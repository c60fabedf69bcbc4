import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { CHECKPOINT_ENTRIES } from "@agency/contract";

const BLOCK = 512;
const HEADER = Buffer.from("# v2 git bundle\n\n");

export interface PackedBlobs {
  /** As it stands in a checkpoint. */
  readonly bundle: Buffer;
  /** For each of the contents: its name, and its places in the bundle as git itself tells. */
  readonly blobs: readonly { readonly object: string; readonly places: [number, number][] }[];
}

/** A pack of these contents, made by git. */
export function packBlobs(
  contents: readonly Buffer[],
  { format = "sha1", deltas = false }: { format?: "sha1" | "sha256"; deltas?: boolean } = {},
): PackedBlobs {
  const folder = mkdtempSync(join(tmpdir(), "agency-pack-"));
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const git = (args: readonly string[], input?: Buffer | string): string =>
    execFileSync("git", args, { cwd: folder, env, input: input ?? "", encoding: "utf8" }).trim();
  try {
    git(["init", "--quiet", "--bare", `--object-format=${format}`]);
    const objects = contents.map((content) => git(["hash-object", "-w", "--stdin"], content));
    const list = objects.map((object) => `${object}\n`).join("");
    const name = git(
      ["pack-objects", "--quiet", "--delta-base-offset", `--window=${deltas ? 10 : 0}`, "pack"],
      list,
    );
    const told = git(["verify-pack", "-v", `pack-${name}.idx`]);
    // Of a delta, how deep it is and what it is made from are told as well.
    const placesOf = (object: string): [number, number][] => {
      const line = new RegExp(`^${object} blob +\\d+ (\\d+) (\\d+)(?: \\d+ (\\w+))?`, "m").exec(told) ?? [];
      const [, length, offset, base] = line;
      return [
        [HEADER.length + Number(offset), Number(length)],
        ...(base === undefined ? [] : placesOf(base)),
      ];
    };
    const blobs = objects.map((object) => ({ object, places: placesOf(object) }));
    return { bundle: Buffer.concat([HEADER, readFileSync(join(folder, `pack-${name}.pack`))]), blobs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `packed`: the list as it stands there, whatever it is; null: there is none. */
export function checkpointTar(bundle: Buffer, packed: Buffer | null): Buffer {
  const entries: [string, Buffer][] = [
    [CHECKPOINT_ENTRIES.manifest, Buffer.from('{"v":1,"session":null}')],
    ...(packed === null ? [] : [[CHECKPOINT_ENTRIES.files, packed] satisfies [string, Buffer]]),
    [CHECKPOINT_ENTRIES.bundle, bundle],
  ];
  const parts = entries.flatMap(([name, bytes]) => [
    header(name, bytes.length),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

export function packList(entries: readonly object[], head: object = {}): Buffer {
  const lines = [{ v: 1, base: "b".repeat(40), truncated: false, ...head }, ...entries];
  return zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function header(name: string, bytes: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, "latin1");
  block.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  block.write("0", 156, "latin1");
  return block;
}
