import { describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { workOrder } from "../testing/fake-control-plane.ts";
import { agentEnv } from "./agent-env.ts";

const config = readConfig({ HOME: "/h", PATH: "/bin", SECRET: "of the runner" }, "/w");
const ways = {
  proxyEnv: { HTTPS_PROXY: "http://127.0.0.1:1", MAVEN_OPTS: "-Da=b" },
  gitSettings: [["url.http://127.0.0.1:2/git/https/example.com/.insteadOf", "https://example.com/"]] as const,
};

describe("the environment of an agent", () => {
  it("inherits nothing, and holds what the task gives it", () => {
    const env = agentEnv(config, { ...workOrder(), env: { COLOUR: "blue" } }, ways);
    expect(env).toMatchObject({ COLOUR: "blue", PATH: "/bin", HOME: "/h" });
    expect(JSON.stringify(env)).not.toContain("of the runner");
  });

  it("leads out by our ways only, whatever the task sets", () => {
    const theirs = { HTTPS_PROXY: "http://evil", GIT_CONFIG_COUNT: "0", HOME: "/x", MAVEN_OPTS: "-Xmx1g" };
    expect(agentEnv(config, { ...workOrder(), env: theirs }, ways)).toMatchObject({
      HTTPS_PROXY: "http://127.0.0.1:1",
      MAVEN_OPTS: "-Da=b -Xmx1g",
      HOME: "/h",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "/w",
      GIT_CONFIG_KEY_1: "url.http://127.0.0.1:2/git/https/example.com/.insteadOf",
      GIT_CONFIG_VALUE_1: "https://example.com/",
    });
  });
});
