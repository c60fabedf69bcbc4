import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { describeSettings } from "./describe.ts";
import type { SettingsInputs } from "./inputs.ts";
import { resolveSettings } from "./resolve.ts";

function inputs(given: Partial<SettingsInputs> & { files?: Record<string, string> } = {}): SettingsInputs {
  const { files = {}, ...rest } = given;
  return {
    env: {},
    cwd: "/srv/project",
    uid: 1000,
    userHome: "/home/ada",
    installRoot: "/opt/agency",
    readText: (path) => files[path] ?? null,
    parseEnv,
    ...rest,
  };
}

describe("where a setting comes from", () => {
  const config = "/home/ada/.config/agency/config.json";
  const dotenv = "/srv/project/.env";
  const everywhere = {
    files: { [config]: '{"logLevel":"error","port":1}', [dotenv]: "AGENCY_LOG_LEVEL=warn" },
    env: { AGENCY_LOG_LEVEL: "debug" },
    flags: { logLevel: { flag: "--log-level", value: "info" } },
  };

  it.each([
    ["a flag wins over everything", everywhere, "info", { kind: "flag", where: "--log-level" }],
    [
      "then the environment",
      { ...everywhere, flags: {} },
      "debug",
      { kind: "environment", where: "environment" },
    ],
    ["then .env", { ...everywhere, flags: {}, env: {} }, "warn", { kind: "dotenv", where: dotenv }],
    [
      "then the config file",
      { files: { [config]: '{"logLevel":"error"}' } },
      "error",
      { kind: "file", where: config },
    ],
    ["then the default", {}, "info", { kind: "default", where: "default" }],
  ])("%s", (_, given, value, source) => {
    const resolved = resolveSettings(inputs(given));
    expect(resolved.problems).toEqual([]);
    expect(resolved.settings.logLevel).toBe(value);
    expect(resolved.sources.logLevel).toEqual(source);
  });

  it("treats an empty variable as not set", () => {
    expect(resolveSettings(inputs({ env: { AGENCY_PORT: "" } })).settings.port).toBe(7717);
  });

  it("reads numbers, switches and lists of the config file in the types of JSON", () => {
    const text = '{"port":0,"metrics":false,"allowedHosts":["a.example","b.example"],"databaseUrl":null}';
    const { settings, problems } = resolveSettings(inputs({ files: { [config]: text } }));
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      port: 0,
      metrics: "off",
      allowedHosts: ["a.example", "b.example"],
      databaseUrl: null,
    });
  });
});

describe("the folders", () => {
  it.each([
    [
      "an ordinary user has the XDG defaults",
      {},
      "/home/ada/.local/share/agency",
      "/home/ada/.config/agency",
    ],
    [
      "XDG folders are followed",
      { env: { XDG_DATA_HOME: "/d/", XDG_CONFIG_HOME: "/c" } },
      "/d/agency",
      "/c/agency",
    ],
    [
      "a relative XDG folder is ignored",
      { env: { XDG_DATA_HOME: "d" } },
      "/home/ada/.local/share/agency",
      "/home/ada/.config/agency",
    ],
    ["root has the folders of the system", { uid: 0 }, "/var/lib/agency", "/etc/agency"],
    [
      "AGENCY_HOME holds everything, for root too",
      { uid: 0, env: { AGENCY_HOME: "/srv/a/" } },
      "/srv/a",
      "/srv/a",
    ],
    [
      "a relative AGENCY_HOME starts at the current folder",
      { env: { AGENCY_HOME: "./h" } },
      "/srv/project/h",
      "/srv/project/h",
    ],
    ["a tilde is the user's home", { env: { AGENCY_HOME: "~/h" } }, "/home/ada/h", "/home/ada/h"],
  ])("%s", (_, given, data, config) => {
    const resolved = resolveSettings(inputs(given));
    expect(resolved.folders).toEqual({ data, config });
    expect(resolved.settings.home).toBe(data);
  });
});

describe("the .env of a project that may be somebody else's", () => {
  const text =
    "ANTHROPIC_API_KEY=sk-1\nANTHROPIC_BASE_URL=https://evil.example\nDATABASE_URL=postgres://app@db/app\nAGENCY_HOME=/tmp/x";

  it("cannot redirect the credential, the database or the data", () => {
    const { settings, warnings, dotenv } = resolveSettings(inputs({ files: { "/srv/project/.env": text } }));
    expect(dotenv).toEqual({ ANTHROPIC_API_KEY: "sk-1" });
    expect(settings).toMatchObject({
      anthropicApiKey: "sk-1",
      anthropicBaseUrl: "https://api.anthropic.com",
      databaseUrl: null,
      home: "/home/ada/.local/share/agency",
    });
    expect(warnings).toHaveLength(3);
    expect(warnings.join()).toContain("DATABASE_URL in /srv/project/.env is ignored");
  });

  it("may say everything when it is Agency's own", () => {
    const given = inputs({ cwd: "/opt/agency", files: { "/opt/agency/.env": text } });
    const { settings, warnings } = resolveSettings(given);
    expect(settings).toMatchObject({ databaseUrl: "postgres://app@db/app", home: "/tmp/x" });
    expect(warnings).toEqual([]);
  });
});

describe("what cannot be used", () => {
  it.each([
    [{ AGENCY_PORT: "70000" }, 'AGENCY_PORT must be a whole number from 0 to 65535 (environment: "70000").'],
    [{ AGENCY_PORT: "7e3" }, 'AGENCY_PORT must be a whole number from 0 to 65535 (environment: "7e3").'],
    [
      { AGENCY_MAX_RUNNING: "0" },
      'AGENCY_MAX_RUNNING must be a whole number from 1 to 10000 (environment: "0").',
    ],
    [
      { AGENCY_SANDBOX_MEMORY: "lots" },
      'AGENCY_SANDBOX_MEMORY must be a size, such as 512m or 4g (environment: "lots").',
    ],
    [{ AGENCY_SANDBOX_MEMORY: "1k" }, 'AGENCY_SANDBOX_MEMORY must be at least 64m (environment: "1k").'],
    [
      { AGENCY_SANDBOX_CPUS: "0" },
      'AGENCY_SANDBOX_CPUS must be from 0.1 to 1024 processors (environment: "0").',
    ],
    [
      { AGENCY_SANDBOX_READONLY: "/a,b" },
      'AGENCY_SANDBOX_READONLY must be absolute paths with commas between them (environment: "/a,b").',
    ],
    [{ AGENCY_METRICS: "maybe" }, 'AGENCY_METRICS must be on, public or off (environment: "maybe").'],
    [
      { AGENCY_URL: "ftp://x" },
      'AGENCY_URL must be an http(s) address, such as http://127.0.0.1:7717 (environment: "ftp://x").',
    ],
    [
      { AGENCY_LISTEN: "0.0.0.0 -x" },
      'AGENCY_LISTEN must be an address or a host name, without a port, such as 127.0.0.1 (environment: "0.0.0.0 -x").',
    ],
    [
      { AGENCY_LOG_LEVEL: "loud" },
      'AGENCY_LOG_LEVEL must be debug, info, warn or error (environment: "loud").',
    ],
  ])("%o is refused with a sentence", (env, sentence) => {
    expect(resolveSettings(inputs({ env })).problems).toEqual([sentence]);
  });

  it("never repeats a secret", () => {
    const { problems } = resolveSettings(
      inputs({ env: { AGENCY_API_KEY: "top secret", DATABASE_URL: "mysql://u:hidden@h" } }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toMatch(/top secret|hidden/);
  });

  it("names a misspelt key of the config file and what was meant", () => {
    const files = { "/etc/agency/config.json": '{"maxRuning":2,"home":"/x","port":{}}' };
    expect(resolveSettings(inputs({ uid: 0, files })).problems).toEqual([
      '/etc/agency/config.json: "maxRuning" is not a setting; did you mean "maxRunning"?',
      '/etc/agency/config.json: "home" cannot be set here: it decides where this file is. Use AGENCY_HOME.',
      '/etc/agency/config.json: "port" must be a text, a number, true, false or a list.',
    ]);
  });

  it.each(["", "[]", "{port:1}"])("refuses the config file %o", (text) => {
    const { problems } = resolveSettings(inputs({ uid: 0, files: { "/etc/agency/config.json": text } }));
    expect(problems[0]).toContain("is not a JSON object");
  });

  it("says when a file is there but closed", () => {
    const readText = (path: string) => {
      if (path.endsWith("config.json")) throw new Error("EACCES: permission denied");
      return null;
    };
    const { problems } = resolveSettings(inputs({ uid: 0, readText }));
    expect(problems).toEqual(["/etc/agency/config.json cannot be read: EACCES: permission denied."]);
  });

  it("warns of a variable that looks like a setting", () => {
    const { warnings } = resolveSettings(inputs({ env: { AGENCY_PROT: "1", AGENCY_ZZZZZZ: "1" } }));
    expect(warnings).toEqual([
      "AGENCY_PROT in the environment is not a setting; did you mean AGENCY_PORT?",
      "AGENCY_ZZZZZZ in the environment is not a setting.",
    ]);
  });
});

describe("what a person may see of the settings", () => {
  const shown = (env: Record<string, string>) =>
    Object.fromEntries(
      describeSettings(resolveSettings(inputs({ env })), "server").map((s) => [s.name, s.value]),
    );

  it("shows of a secret at most its end", () => {
    const values = shown({
      ANTHROPIC_API_KEY: "sk-ant-0123456789-abcd",
      CLAUDE_CODE_OAUTH_TOKEN: "short",
      DATABASE_URL: "postgres://ada:hunter2@db:5432/agency?password=hunter3",
    });
    expect(values).toMatchObject({
      ANTHROPIC_API_KEY: "set (ends …abcd)",
      CLAUDE_CODE_OAUTH_TOKEN: "set",
      DATABASE_URL: "postgres://db:5432/agency",
    });
  });

  it("shows the rest in words", () => {
    const given = {
      AGENCY_SANDBOX_READONLY: "/a, /b",
      AGENCY_KEEP_EVENTS: "forever",
      AGENCY_ARCHIVE_AFTER: "90s",
    };
    expect(shown(given)).toMatchObject({
      AGENCY_KEEP_EVENTS: "forever",
      AGENCY_KEEP_ARTIFACTS: "90d",
      AGENCY_ARCHIVE_AFTER: "90s",
      AGENCY_MAX_KEEP: "7d",
      AGENCY_ACCOUNT_BYTES: "100g",
      AGENCY_HOME: "/home/ada/.local/share/agency",
      AGENCY_METRICS: "on",
      AGENCY_MAX_RUNNING_PER_ACCOUNT: "not set",
      AGENCY_SANDBOX_MEMORY: "4096 MiB",
      AGENCY_SANDBOX_READONLY: "/a, /b",
      AGENCY_SANDBOX_READWRITE: "none",
    });
  });

  it("keeps the settings of the client apart", () => {
    const names = describeSettings(resolveSettings(inputs()), "client").map((s) => s.name);
    expect(names).toEqual(["AGENCY_HOME", "AGENCY_URL", "AGENCY_API_KEY"]);
  });
});
