import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { AgencyError, dataFiles, resolveSettings } from "@agency/contract";
import type { ResolvedSettings, SettingsInputs } from "@agency/contract";
import type { World } from "./world.ts";

export interface Config extends ResolvedSettings {
  files: ReturnType<typeof dataFiles>;
}

/** The only reader of settings on this side. Never throws: doctor must be able to show what is wrong. */
export function loadConfig(world: World, flags: NonNullable<SettingsInputs["flags"]>): Config {
  const resolved = resolveSettings({ ...world, readText: readTextIfThere, parseEnv, flags });
  return { ...resolved, files: dataFiles(resolved.folders.data) };
}

export function requireUsable(config: Config): Config {
  const [first, ...rest] = config.problems;
  if (first === undefined) return config;
  throw new AgencyError("invalid_request", [first, ...rest].join("\n"), {
    next: "`agency doctor` shows every setting and where it comes from.",
  });
}

/** Null when there is no such file; throws when it is there but cannot be read. */
export function readTextIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
