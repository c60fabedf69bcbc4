import { describe, expect, it } from "vitest";
import { proxyEnv } from "./proxy-env.ts";

describe("an agent's environment", () => {
  const env = proxyEnv({ url: "http://127.0.0.1:3128", port: 3128 });

  it("sends every kind of tool through the proxy", () => {
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
      expect([env[name], env[name.toLowerCase()]]).toEqual([
        "http://127.0.0.1:3128",
        "http://127.0.0.1:3128",
      ]);
    }
    expect(env["NODE_USE_ENV_PROXY"]).toBe("1");
    expect(env["MAVEN_OPTS"]).toBe(
      "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=3128 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=3128",
    );
  });

  it("leaves the sandbox's own ports alone", () => {
    expect([env["NO_PROXY"], env["no_proxy"]]).toEqual([
      "localhost,127.0.0.1,::1",
      "localhost,127.0.0.1,::1",
    ]);
  });
});
