import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { readConfig, toConfig } from "./config.ts";

function configOf(env: Record<string, string>, isTerminal = false) {
  const inputs = { env, cwd: "/work", uid: 1000, userHome: "/home/anna", installRoot: "/opt/agency" };
  return toConfig({ ...inputs, readText: () => null, parseEnv }, isTerminal);
}

describe("the configuration of the server", () => {
  it("has defaults for everything", () => {
    const { resolved, log, warnings } = configOf({});
    expect(resolved.settings).toMatchObject({ listen: "127.0.0.1", port: 7717, metrics: "on" });
    expect(log).toEqual({ level: "info", pretty: false });
    expect(warnings).toEqual([]);
  });

  it("refuses to start with a setting that is wrong, and names each in a sentence", () => {
    expect(() => configOf({ AGENCY_PORT: "http", AGENCY_LOG_LEVEL: "loud" })).toThrow(
      /AGENCY_PORT must be .*\nAGENCY_LOG_LEVEL must be /,
    );
  });

  it("writes for people on a terminal, and for programs elsewhere, unless told", () => {
    expect(configOf({}, true).log.pretty).toBe(true);
    expect(configOf({ AGENCY_LOG_FORMAT: "json" }, true).log.pretty).toBe(false);
    expect(configOf({ AGENCY_LOG_FORMAT: "pretty" }, false).log.pretty).toBe(true);
  });

  it("shows every setting with its source, and of a secret only its end", () => {
    const key = "sk-ant-0123456789abcdefghij";
    const { shownSettings } = configOf({
      ANTHROPIC_API_KEY: key,
      DATABASE_URL: "postgres://app:hush-hush@db:5432/app",
      AGENCY_PORT: "8000",
    });
    expect(shownSettings).toContainEqual({ name: "AGENCY_PORT", value: "8000", source: "environment" });
    expect(shownSettings).toContainEqual({
      name: "ANTHROPIC_API_KEY",
      value: "set (ends …ghij)",
      source: "environment",
    });
    expect(JSON.stringify(shownSettings)).not.toMatch(/hush|0123456789/);
  });

  it("knows what must be kept out of the log", () => {
    const { secrets } = configOf({
      ANTHROPIC_API_KEY: "sk-ant-1",
      CLAUDE_CODE_OAUTH_TOKEN: "oat-2",
      DATABASE_URL: "postgres://app:p%40ss@db/app",
    });
    expect(secrets.map(({ value }) => value)).toEqual(["sk-ant-1", "oat-2", "p@ss"]);
    expect(configOf({ DATABASE_URL: "postgres://app:100%@db/app" }).secrets[0]?.value).toBe("100%");
    expect(configOf({ DATABASE_URL: "postgres://db/app" }).secrets).toEqual([]);
  });

  it("is read from this process", () => {
    expect(readConfig().resolved.folders.data).toMatch(/^\//);
  });
});
