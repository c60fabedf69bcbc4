import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isatty } from "node:tty";
import { parseEnv } from "node:util";
import { AgencyError, describeSettings, resolveSettings } from "@agency/contract";
import type { ResolvedSettings, Setting, Settings, SettingsInputs } from "@agency/contract";
import type { Secret } from "@agency/core";

export interface ServerConfig {
  resolved: Pick<ResolvedSettings, "settings" | "folders">;
  /** Every setting with where it was set, as a person may see it. */
  shownSettings: Setting[];
  /** Sentences about what was ignored. */
  warnings: string[];
  log: LogConfig;
  /** What must appear in no log. */
  secrets: Secret[];
}

export interface LogConfig {
  level: Settings["logLevel"];
  pretty: boolean;
}

const INSTALL_ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** The only place of the server that reads the environment. Throws a sentence for each setting that is wrong. */
export function readConfig(): ServerConfig {
  return toConfig(
    {
      env: process.env,
      cwd: process.cwd(),
      uid: process.getuid?.() ?? -1,
      userHome: homedir(),
      installRoot: INSTALL_ROOT,
      readText,
      parseEnv,
    },
    isatty(1),
  );
}

export function toConfig(inputs: SettingsInputs, isTerminal: boolean): ServerConfig {
  const resolved = resolveSettings(inputs);
  const { settings, problems, warnings } = resolved;
  if (problems.length > 0) {
    throw new AgencyError("invalid_request", problems.join("\n"), {
      next: "Correct it and start the server again.",
    });
  }
  const { logLevel, logFormat } = settings;
  return {
    resolved,
    shownSettings: describeSettings(resolved, "server"),
    warnings,
    log: { level: logLevel, pretty: logFormat === "pretty" || (logFormat === "auto" && isTerminal) },
    secrets: secretsOf(settings),
  };
}

function secretsOf(settings: Settings): Secret[] {
  const { anthropicApiKey, claudeCodeOauthToken, openaiApiKey, githubToken, databaseUrl } = settings;
  const { awsSecretAccessKey, awsSessionToken } = settings;
  const named = {
    anthropicApiKey,
    claudeCodeOauthToken,
    openaiApiKey,
    githubToken,
    awsSecretAccessKey,
    awsSessionToken,
  };
  const masterKeys = (settings.masterKeys ?? []).map(({ key }): Secret => ({
    name: "masterKey",
    value: key,
  }));
  const all = Object.entries({ ...named, databasePassword: passwordIn(databaseUrl) });
  return [...all.flatMap(([name, value]) => (value ? [{ name, value }] : [])), ...masterKeys];
}

function passwordIn(databaseUrl: string | null): string | null {
  const written = URL.parse(databaseUrl ?? "")?.password ?? null;
  try {
    return written === null ? null : decodeURIComponent(written);
  } catch {
    return written;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // A folder that cannot even be looked into is named by the step that makes it, with what to do.
    if (error instanceof Error && "code" in error && /^(ENOENT|ENOTDIR)$/.test(String(error.code)))
      return null;
    throw error;
  }
}
