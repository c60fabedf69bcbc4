import type { LowerLimits } from "@agency/contract";
import type { Devcontainer, LifecycleCommand, RepositoryConfig } from "./config-schema.ts";
import { devcontainerSchema, repositoryConfigSchema } from "./config-schema.ts";

/** What a repository says of the work in it. */
export interface SetupPlan {
  readonly commands: readonly string[];
  readonly timeoutMs: number;
  /** Run beside the agent. */
  readonly services: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly limits: LowerLimits;
  readonly hooks: RepositoryConfig["hooks"];
  readonly checks: readonly string[];
  readonly artifacts: readonly string[];
  /** Null: whatever the package managers in use have. */
  readonly caches: readonly string[] | null;
  /** What is read but cannot be done, named for people. */
  readonly unsupported: readonly string[];
}

/** Words for editors and people: leaving them out changes nothing. */
const NOT_MEANT_FOR_US = new Set(["$schema", "name", "customizations", "version"]);

export function planSetup(config: RepositoryConfig | null, devcontainer: Devcontainer | null): SetupPlan {
  const own = config ?? repositoryConfigSchema.parse({});
  const containerEnv = Object.entries(devcontainer?.containerEnv ?? {});
  // `${localEnv:X}` and the like: known to the editor that opens a container, to nobody else.
  const open = containerEnv.filter(([, value]) => /\$\{[^}]*\}/.test(value));
  const plain = containerEnv.filter(([, value]) => !/\$\{[^}]*\}/.test(value));
  const { onCreateCommand, updateContentCommand, postCreateCommand, postStartCommand } = devcontainer ?? {};
  const created = [onCreateCommand, updateContentCommand, postCreateCommand].flatMap(lifecycleCommands);
  return {
    commands: [...created, ...own.setup],
    timeoutMs: own.setupTimeout * 1000,
    services: [...lifecycleCommands(postStartCommand), ...own.start],
    env: { ...Object.fromEntries(plain), ...own.env },
    limits: own.limits,
    hooks: own.hooks,
    checks: own.checks,
    artifacts: own.artifacts,
    caches: own.caches ?? null,
    unsupported: [
      ...foreign(config, repositoryConfigSchema.shape, ""),
      ...foreign(devcontainer, devcontainerSchema.shape, "devcontainer "),
      ...open.map(([name]) => `devcontainer containerEnv.${name} (has a variable in it)`),
    ],
  };
}

function foreign(read: object | null, known: object, prefix: string): string[] {
  return Object.keys(read ?? {})
    .filter((key) => !Object.hasOwn(known, key) && !NOT_MEANT_FOR_US.has(key))
    .map((key) => `${prefix}${key}`);
}

/** A string is for the shell, a list is one program with its arguments, an object is several of either. */
function lifecycleCommands(command: LifecycleCommand): string[] {
  if (command === undefined) return [];
  const several = typeof command === "string" || Array.isArray(command) ? [command] : Object.values(command);
  return several.map((one) => (typeof one === "string" ? one : one.map(quote).join(" "))).filter(Boolean);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
