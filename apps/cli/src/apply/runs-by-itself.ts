import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import { keyParts } from "./git-config.ts";
import type { ConfigEntry } from "./git-config.ts";

export interface RunsByItself {
  path: string;
  why: string;
}

/** What is read or run without being asked for, wherever it lies. Compared in lower case, as some disks do. */
const KNOWN: [RegExp, string][] = [
  [/(?:^|\/)\.(?:husky|githooks|lefthook)\//, "git runs hooks from there"],
  [/(?:^|\/)\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)$/, "git runs hooks it names"],
  [/(?:^|\/)\.pre-commit-config\.ya?ml$/, "git runs hooks it names"],
  [/(?:^|\/)\.gitattributes$/, "git runs filters and drivers it names"],
  [/(?:^|\/)\.gitmodules$/, "git fetches from where it says"],
  [/(?:^|\/)\.git(?!ignore$|keep$|hub\/|-blame-ignore-revs$|lab\/)[^/]*(?:$|\/)/, "git may read it"],
  [/(?:^|\/)\.github\/(?:workflows|actions)\/|(?:^|\/)\.gitlab-ci\.yml$/, "runs once it is pushed"],
  [/(?:^|\/)\.vscode\/|\.code-workspace$/, "editors run tasks from there"],
  [/(?:^|\/)\.(?:idea|fleet|zed)\//, "editors run tasks from there"],
  [/(?:^|\/)\.envrc$/, "direnv runs it"],
  [/(?:^|\/)\.?mise(?:\.[^/]+)?\.toml$|(?:^|\/)\.mise\//, "mise runs what it names"],
  [/(?:^|\/)\.devcontainer(?:\/|\.json$)/, "editors run what it names"],
  [/(?:^|\/)\.(?:claude|codex|cursor|gemini)\/|(?:^|\/)\.mcp\.json$/, "coding agents run what it names"],
];

/** Keys whose value is a command line. */
const COMMANDS = new Set(["clean", "smudge", "process", "driver", "command", "textconv", "helper", "cmd"]);
const COMMAND_KEYS =
  /^(?:core\.(?:fsmonitor|pager|editor|sshcommand|askpass)|sequence\.editor|diff\.external|gpg\.program)$/;

export interface Around {
  top: string;
  config: readonly ConfigEntry[];
  /** Where git looks for hooks, relative to the top; those outside of it are left out. */
  hooks: readonly string[];
}

export async function aroundOf(
  { top, config }: Pick<Around, "top" | "config">,
  userHome: string,
): Promise<Around> {
  const told = config.filter(({ key }) => key === "core.hookspath").map(({ value }) => value);
  const folders = told.map((path) => resolve(top, path.replace(/^~(?=\/)/, userHome)));
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  return { top, config, hooks: [...folders, ...real].flatMap((folder) => below(top, folder)) };
}

/** Of the files a task changed, those that run later without anybody saying so. Paths are relative to the top. */
export function runsByItself(paths: readonly string[], { top, config, hooks }: Around): RunsByItself[] {
  const configs = new Set(config.flatMap(({ file }) => (file === null ? [] : below(top, file))));
  const commands = config.filter(({ key }) => isCommand(key));
  const isHook = (path: string) =>
    hooks.some((folder) => folder === "" || path === folder || path.startsWith(`${folder}/`));
  return paths.flatMap((path) => {
    const why =
      (isHook(path) ? "git runs hooks from there" : undefined) ??
      (configs.has(path) ? "git reads its configuration from it" : undefined) ??
      KNOWN.find(([pattern]) => pattern.test(path.toLowerCase()))?.[1] ??
      commandNaming(path, commands);
    return why === undefined ? [] : { path, why };
  });
}

/** As it lies in the work tree; nothing when it lies elsewhere. */
function below(top: string, path: string): string[] {
  const inside = relative(top, resolve(top, path));
  return inside === ".." || inside.startsWith("../") || isAbsolute(inside) ? [] : [inside];
}

function isCommand(key: string): boolean {
  const parts = keyParts(key);
  return COMMAND_KEYS.test(key) || key.startsWith("alias.") || (parts !== null && COMMANDS.has(parts.name));
}

function commandNaming(path: string, commands: readonly ConfigEntry[]): string | undefined {
  const found = commands.find(({ value }) =>
    value.split(/[\s"';|&()]+/).some((word) => word.replace(/^!?(?:\.\/)*/, "") === path),
  );
  return found === undefined ? undefined : `git runs it as ${found.key}`;
}
