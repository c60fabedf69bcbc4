import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSession, writeSession } from "./session-files.ts";

const ID = "11111111-1111-4111-8111-111111111111";
const FOLDER = ".claude/projects/-workspace";
const bytes = (text: string) => new TextEncoder().encode(text);

describe("session files", () => {
  let home = "";
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "agency-session-"));
  });
  afterEach(() => rm(home, { recursive: true }));

  async function put(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }

  it("are the transcript and what lies in the folder beside it, and nothing else", async () => {
    await put(`${FOLDER}/${ID}.jsonl`, "{}\n");
    await put(`${FOLDER}/${ID}/subagents/agent-1.jsonl`, "{}");
    await put(`${FOLDER}/other.jsonl`, "{}");
    await put(".claude/.credentials.json", "secret");
    await symlink(join(home, ".claude/.credentials.json"), join(home, FOLDER, ID, "link"));
    const files = await readSession(home, ID, 1000);
    expect(files.map(({ path }) => path)).toEqual([
      `${FOLDER}/${ID}.jsonl`,
      `${FOLDER}/${ID}/subagents/agent-1.jsonl`,
    ]);
  });

  it("leave out large outputs that do not fit, and refuse when the transcript does not", async () => {
    await put(`${FOLDER}/${ID}.jsonl`, "x".repeat(100));
    await put(`${FOLDER}/${ID}/tool-results/small.txt`, "x".repeat(10));
    await put(`${FOLDER}/${ID}/tool-results/large.txt`, "x".repeat(1000));
    expect((await readSession(home, ID, 200)).map(({ bytes }) => bytes.length)).toEqual([100, 10]);
    await expect(readSession(home, ID, 50)).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it("say that there is no transcript", async () => {
    await expect(readSession(home, ID, 50)).rejects.toMatchObject({ code: "not_found" });
  });

  it("are written back to where they were", async () => {
    const path = `${FOLDER}/${ID}/subagents/agent-1.jsonl`;
    await writeSession(
      home,
      { sessionId: ID, engineVersion: "1", files: [{ path, bytes: bytes("{}") }] },
      100,
    );
    expect(await readFile(join(home, path), "utf8")).toBe("{}");
  });

  it.each([
    "../outside.jsonl",
    `${FOLDER}/../../../${ID}.jsonl`,
    `/etc/${ID}.jsonl`,
    ".claude/settings.json",
    `.claude/projects/${ID}.jsonl`,
    `${FOLDER}/22222222-2222-4222-8222-222222222222.jsonl`,
    `${FOLDER}/${ID}/../../../settings.json`,
    `${FOLDER}/${ID}//x`,
    `${FOLDER}/${ID}.jsonl/x`,
    `.claude/projects/../${ID}.jsonl`,
    `${FOLDER}\0/${ID}.jsonl`,
  ])("refuse a bundle with %j, and write nothing of it", async (path) => {
    const good = { path: `${FOLDER}/${ID}.jsonl`, bytes: bytes("{}") };
    const bundle = { sessionId: ID, engineVersion: "1", files: [good, { path, bytes: bytes("{}") }] };
    await expect(writeSession(home, bundle, 100)).rejects.toMatchObject({ code: "invalid_request" });
    await expect(readFile(join(home, good.path))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("refuse a bundle that is too large", async () => {
    const files = [{ path: `${FOLDER}/${ID}.jsonl`, bytes: bytes("x".repeat(200)) }];
    await expect(writeSession(home, { sessionId: ID, engineVersion: "1", files }, 100)).rejects.toMatchObject(
      {
        code: "payload_too_large",
      },
    );
  });
});
