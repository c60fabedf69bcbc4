import { access, lstat, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface CacheOptions {
  workspace: string;
  home: string;
  /** What this sandbox was given for caches; null when there is nothing. */
  caches: string | null;
  /** By the repository; null when it says nothing. */
  asked: readonly string[] | null;
}

/** What says that a package manager is in use, and where that one keeps what it downloaded. */
const KNOWN: readonly (readonly [sign: string, ...folders: string[]])[] = [
  ["package-lock.json", "~/.npm"],
  ["pnpm-lock.yaml", "~/.local/share/pnpm/store", "~/.cache/pnpm"],
  ["yarn.lock", "~/.cache/yarn", "~/.yarn/berry/cache"],
  ["requirements.txt", "~/.cache/pip"],
  ["pyproject.toml", "~/.cache/pip", "~/.cache/uv"],
  ["uv.lock", "~/.cache/uv"],
  ["Cargo.toml", "~/.cargo/registry", "~/.cargo/git"],
  ["go.mod", "~/go/pkg/mod", "~/.cache/go-build"],
  ["pom.xml", "~/.m2/repository"],
  ["build.gradle", "~/.gradle/caches", "~/.gradle/wrapper"],
  ["build.gradle.kts", "~/.gradle/caches", "~/.gradle/wrapper"],
];

export interface LinkedCaches {
  /** What an earlier task left is in them. */
  readonly warm: readonly string[];
  /** Nothing is in them yet; what comes is kept. */
  readonly empty: readonly string[];
  /** What could not be prepared, for people. */
  readonly problems: readonly string[];
}

/** Puts the kept caches where the programs look for them. */
export async function linkCaches(options: CacheOptions): Promise<LinkedCaches> {
  const { caches, asked, home } = options;
  if (caches === null) {
    const wanted = asked ?? [];
    const problem = `not prepared: caches ${wanted.join(", ")} (nothing is kept for this repository here)`;
    return { warm: [], empty: [], problems: wanted.length === 0 ? [] : [problem] };
  }
  const paths = outermost(asked ?? (await inUse(options.workspace)));
  const linked = { warm: [] as string[], empty: [] as string[], failed: [] as string[] };
  for (const path of paths) {
    const inHome = path.slice("~/".length);
    // One part: what an earlier task left has no say in where the rest of a path leads.
    const state = await linkOne(join(caches, encodeURIComponent(inHome)), join(home, inHome));
    linked[state].push(path);
  }
  const { warm, empty, failed } = linked;
  const problem = `not prepared: caches ${failed.join(", ")} (something else is there)`;
  return { warm, empty, problems: failed.length === 0 ? [] : [problem] };
}

/** One inside another comes along with it. */
function outermost(paths: readonly string[]): string[] {
  const distinct = [...new Set(paths)];
  return distinct.filter((path) => !distinct.some((other) => path.startsWith(`${other}/`)));
}

async function inUse(workspace: string): Promise<string[]> {
  const found = await Promise.all(
    KNOWN.map(async ([sign, ...folders]) => ((await isThere(join(workspace, sign))) ? folders : [])),
  );
  return found.flat();
}

async function linkOne(kept: string, path: string): Promise<"warm" | "empty" | "failed"> {
  try {
    await mkdir(kept, { recursive: true });
    // An earlier task may have left something else under the name, a link among others.
    if (!(await lstat(kept)).isDirectory()) return "failed";
    const isEmpty = (await readdir(kept)).length === 0;
    await mkdir(dirname(path), { recursive: true });
    await symlink(kept, path);
    return isEmpty ? "empty" : "warm";
  } catch {
    return "failed";
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
