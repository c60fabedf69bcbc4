import { describe, expect, it } from "vitest";
import { NOW } from "../testing/builders.ts";
import { wroteInstance } from "./instance-file.ts";

const entry = "/opt/agency/apps/server/src/main.ts";
const instance = { pid: 1, url: "http://127.0.0.1:1", startedAt: new Date(NOW).toISOString(), version: "1" };

describe("whether a process is the server of the instance file", () => {
  it.each([
    [
      "it is when it runs the server and was started before the file was written",
      `node ${entry}`,
      NOW - 900,
      true,
    ],
    [
      "another checkout of Agency counts too",
      "/usr/bin/node /srv/x/apps/server/src/main.ts",
      NOW - 900,
      true,
    ],
    ["clocks may differ a little", `node ${entry}`, NOW + 900, true],
    ["it is not when the number was given to a later server", `node ${entry}`, NOW + 60_000, false],
    ["it is not when something else has the number", "/usr/sbin/sshd -D", NOW - 900, false],
  ])("%s", (_, command, startedAtMs, expected) => {
    expect(wroteInstance({ command, startedAtMs }, instance, entry)).toBe(expected);
  });
});
