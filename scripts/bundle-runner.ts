// The runner as one file without dependencies: what a provider carries into a sandbox.
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const SOURCES = ["apps/runner/src", "packages/contract/src", "packages/core/src", "packages/engines/src"];
const OTHERS = ["apps/runner/package.json", "package-lock.json", "scripts/bundle-runner.ts"];
/** The engine's SDK looks for its CommonJS neighbours with require, which ESM does not have. */
const BANNER = 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);';

/**
 * `import` of a built-in module touches each of its exports, and one of node:http loads all of undici: 30 ms and
 * 10 MB that a runner has no use for. Taken as CommonJS, a module is loaded by who needs it, an export when used.
 */
const builtinsWhenUsed: Plugin = {
  name: "builtins-when-used",
  setup(bundle) {
    const names = builtinModules.filter((name) => !name.includes(":")).join("|");
    bundle.onResolve({ filter: new RegExp(`^(?:node:)?(?:${names})$`) }, ({ path }) => ({
      path: path.replace(/^node:/, ""),
      namespace: "builtin",
    }));
    bundle.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}");`,
    }));
  },
};

/** Half of zod is translations of its messages; what a runner says is for developers. */
const zodInEnglish: Plugin = {
  name: "zod-in-english",
  setup(bundle) {
    bundle.onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
  },
};

/** The Claude SDK costs 20 MB and 70 ms to set up, which only a Claude task should pay: at its first call. */
const claudeWhenCalled: Plugin = {
  name: "claude-when-called",
  setup(bundle) {
    bundle.onResolve({ filter: /^@anthropic-ai\/claude-agent-sdk$/ }, ({ path, kind, resolveDir }) =>
      kind === "require-call" ? undefined : { path, namespace: "when-called", pluginData: resolveDir },
    );
    bundle.onLoad({ filter: /.*/, namespace: "when-called" }, ({ path, pluginData: resolveDir }) => ({
      contents: `export const query = (...call) => require("${path}").query(...call);`,
      resolveDir,
    }));
  },
};

export interface RunnerBundle {
  outfile: string;
  bytes: number;
  /** False: the file was newer than every source. */
  built: boolean;
}

export async function bundleRunner({ outfile = join(ROOT, "dist/runner.mjs") } = {}): Promise<RunnerBundle> {
  const existing = await stat(outfile).catch(() => null);
  if (existing && existing.mtimeMs > (await newestSource()))
    return { outfile, bytes: existing.size, built: false };
  await mkdir(dirname(outfile), { recursive: true });
  // Two set-ups at once must not see each other's half: each writes its own file, the last rename wins.
  const partial = `${outfile}.${process.pid}.partial`;
  await build({
    entryPoints: [join(ROOT, "apps/runner/src/main.ts")],
    outfile: partial,
    bundle: true,
    platform: "node",
    target: "node26",
    format: "esm",
    banner: { js: BANNER },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [builtinsWhenUsed, zodInEnglish, claudeWhenCalled],
    logLevel: "silent",
  });
  await rename(partial, outfile);
  const { size } = await stat(outfile);
  return { outfile, bytes: size, built: true };
}

async function newestSource(): Promise<number> {
  const files = await Promise.all(SOURCES.map(filesIn));
  const all = [...files.flat(), ...OTHERS.map((path) => join(ROOT, path))];
  const times = await Promise.all(all.map(async (path) => (await stat(path)).mtimeMs));
  return Math.max(...times);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.main) {
  const { outfile, bytes, built } = await bundleRunner();
  process.stdout.write(`${built ? "built" : "up to date"}: ${outfile} (${Math.round(bytes / 1024)} KiB)\n`);
}
