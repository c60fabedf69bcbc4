import { describe, expect, it } from "vitest";
import type { PostCheckpoint } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import { takeCheckpoint } from "./take-checkpoint.ts";

const told: PostCheckpoint = {
  number: 1,
  label: "before - after",
  turn: 1,
  blob: "01900000-0000-7000-8000-000000000000",
  base: "b",
  head: "h",
  branch: "main",
  commit: "c",
  sessionId: null,
  engineVersion: null,
};

function take(
  more: Partial<PostCheckpoint> = {},
  verdict: "added" | "fenced" | "no_blob" | "full" = "added",
) {
  const added: unknown[] = [];
  const artifacts = {
    addCheckpoint: (...args: unknown[]) => (added.push(args), Promise.resolve(verdict)),
  };
  const access = { taskId: "t", epoch: 2 } as AttemptAccess;
  return takeCheckpoint({ artifacts, now: () => 5 }, access, { ...told, ...more }).then(() => added);
}

describe("a checkpoint a runner tells of", () => {
  it("is the attempt's own, and the newest ten are kept", async () => {
    expect(await take()).toEqual([[{ ...told, taskId: "t", epoch: 2, at: 5 }, 10]]);
    expect(await take({ label: "-dashes are fine" })).toHaveLength(1);
  });

  it("is refused when the attempt is over or its blob is not there", async () => {
    await expect(take({}, "fenced")).rejects.toMatchObject({ code: "fenced" });
    await expect(take({}, "no_blob")).rejects.toMatchObject({ code: "unknown_blob" });
    await expect(take({}, "full")).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it.each<Partial<PostCheckpoint>>([
    { commit: "--upload-pack=x" },
    { base: "a\0b" },
    { head: "x".repeat(1025) },
    { branch: "a\nb" },
    { sessionId: "\ud800" },
    { label: "\u001b[2J" },
  ])("with %o is refused: it goes back into a sandbox, and to people", async (more) => {
    await expect(take(more)).rejects.toMatchObject({ code: "invalid_request" });
  });
});
