import type { AttemptCaller } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createCaptureLogger } from "../testing/capture-logger.ts";
import { createGitRoute } from "./git-route.ts";

describe("one attempt's git requests", () => {
  it("have so many places and no more, another attempt's are free, and all are given back", async () => {
    const open: (() => void)[] = [];
    const reasons: (string | undefined)[] = [];
    const route = createGitRoute({
      rightsOf: () => new Promise((resolve) => open.push(() => resolve(null))),
      credentials: { forGit: async () => null },
      fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
      report: (_caller, { reason }) => reasons.push(reason),
      logger: createCaptureLogger(),
      now: () => 0,
    });
    const path = "/https/git.example/a/b/info/refs?service=git-upload-pack";
    const ask = (epoch: number) => {
      const caller: AttemptCaller = { taskId: "a", accountId: "anna", epoch };
      return route(new Request(`http://x${path}`), path, caller);
    };
    const first = Array.from({ length: 256 }, () => ask(1));
    expect((await ask(1)).status).toBe(429);
    expect(reasons).toEqual([expect.stringContaining("256 connections open")]);
    const other = ask(2);
    expect(open.length).toBe(257);
    for (const answer of open.splice(0)) answer();
    const answers = await Promise.all([...first, other]);
    expect(answers.every(({ status }) => status === 403)).toBe(true);
    const next = ask(1);
    expect(open.length).toBe(1);
    for (const answer of open.splice(0)) answer();
    expect((await next).status).toBe(403);
  });
});
