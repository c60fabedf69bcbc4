import { describe, expect, it } from "vitest";
import { claudeEnvironment } from "./environment.ts";

const api = { baseUrl: "http://127.0.0.1:1/model/anthropic", key: "placeholder" };
const environment = (env: Record<string, string>) => claudeEnvironment({ env, home: "/home/agent" }, api);

describe("the claude engine's environment", () => {
  it("says that it is in a sandbox, where its model is, and with which placeholder", () => {
    expect(environment({})).toMatchObject({
      IS_SANDBOX: "1",
      HOME: "/home/agent",
      ANTHROPIC_BASE_URL: api.baseUrl,
      ANTHROPIC_API_KEY: "placeholder",
    });
  });

  it("lets a task choose its path and retries, and add what it needs", () => {
    const env = { PATH: "/opt/bin", CLAUDE_CODE_MAX_RETRIES: "1", HTTPS_PROXY: "http://127.0.0.1:2" };
    expect(environment(env)).toMatchObject(env);
  });

  it("never gives a held model call up, whatever a task says", () => {
    expect(environment({ API_TIMEOUT_MS: "1000", API_FORCE_IDLE_TIMEOUT: "1" })).toMatchObject({
      API_TIMEOUT_MS: "2147483647",
      API_FORCE_IDLE_TIMEOUT: "0",
    });
  });

  it("lets no task sign in elsewhere, ask elsewhere, or leave the sandbox", () => {
    const env = environment({
      ANTHROPIC_API_KEY: "real",
      ANTHROPIC_AUTH_TOKEN: "real",
      ANTHROPIC_BASE_URL: "https://example.org",
      CLAUDE_CODE_OAUTH_TOKEN: "real",
      CLAUDE_CODE_USE_BEDROCK: "1",
      CLAUDE_CONFIG_DIR: "/elsewhere",
      IS_SANDBOX: "0",
      HOME: "/root",
    });
    expect(Object.values(env)).not.toContain("real");
    expect(Object.keys(env)).not.toContain("CLAUDE_CODE_USE_BEDROCK");
    expect(Object.keys(env)).not.toContain("CLAUDE_CONFIG_DIR");
    expect(env).toMatchObject({ ANTHROPIC_BASE_URL: api.baseUrl, IS_SANDBOX: "1", HOME: "/home/agent" });
  });
});
