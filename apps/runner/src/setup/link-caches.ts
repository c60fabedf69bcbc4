import { access, lstat, mkdir, symlink } from "node:fs/promises";
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

/** Puts the kept caches where the programs look for them; what could not be prepared, for people. */
export async function linkCaches(options: CacheOptions): Promise<string[]> {
  const { caches, asked, home } = options;
  if (caches === null) {
    return (asked ?? []).length === 0
      ? []
      : ["not prepared: caches (there are none for this repository here)"];
  }
  const paths = outermost(asked ?? (await inUse(options.workspace)));
  const left: string[] = [];
  for (const path of paths) {
    const inHome = path.slice("~/".length);
    if (!(await linkOne(join(caches, inHome), join(home, inHome)))) left.push(path);
  }
  return left.length === 0 ? [] : [`not prepared: caches ${left.join(", ")} (something else is there)`];
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

async function linkOne(kept: string, path: string): Promise<boolean> {
  try {
    await mkdir(kept, { recursive: true });
    // An earlier task may have left something else under the name.
    if (!(await lstat(kept)).isDirectory()) return false;
    await mkdir(dirname(path), { recursive: true });
    await symlink(kept, path);
    return true;
  } catch {
    return false;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
