import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CALLER, openGitAgent, openGitLab } from "./testing/git-lab.ts";
import type { GitAgent, GitLab } from "./testing/git-lab.ts";

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
const OID = createHash("sha256").update(CONTENT).digest("hex");
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\nsize ${CONTENT.length}\n`;

let lab: GitLab;
let agent: GitAgent;

beforeAll(async () => {
  lab = await openGitLab();
  await promisify(execFile)("git", ["lfs", "version"]).catch(() => {
    throw new Error("git-lfs is missing: apt-get install -y git-lfs");
  });
  const files = { ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "large.bin": POINTER };
  await lab.seed("private/lfs.git", files);
  await lab.seed("public.git", files);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  lab.host.seen.length = 0;
  lab.host.objects.clear();
  lab.host.objects.set(OID, CONTENT);
  agent = await openGitAgent(lab, { repository: { url: at("private/lfs.git") } });
  return () => agent[Symbol.asyncDispose]();
});

function at(path: string): string {
  return `${lab.host.origin}/${path}`;
}

async function clone(path: string): Promise<string> {
  const folder = await mkdtemp(join(lab.folder, "clone-"));
  await agent.ok(lab.folder, "clone", "-q", "--no-checkout", at(path), folder);
  await agent.ok(folder, "lfs", "install", "--local");
  await agent.ok(folder, "checkout", "-q", "main");
  return folder;
}

/** A batch as git-lfs asks for one, sent by hand. */
function batch(path: string, body: unknown): Promise<Response> {
  return fetch(`${agent.url}/git/http/${lab.host.host}/${path}/info/lfs/objects/batch`, {
    method: "POST",
    body: JSON.stringify(body),
  });
}

async function hrefOf(operation: "download" | "upload", oid = OID, size = CONTENT.length): Promise<string> {
  const answer = await batch("private/lfs.git", { operation, objects: [{ oid, size }] });
  const { objects } = (await answer.json()) as { objects: { actions: Record<string, { href: string }> }[] };
  return objects[0]?.actions[operation]?.href ?? "";
}

describe("LFS through the git broker", () => {
  it("lets real git-lfs download the task's objects, without the host's address or key", async () => {
    const folder = await clone("private/lfs.git");
    expect((await readFile(join(folder, "large.bin"))).equals(CONTENT)).toBe(true);
    expect(agent.transfers.filter(({ action }) => action === "lfs")).toMatchObject([
      { verdict: "allowed", repository: at("private/lfs.git"), bytesIn: CONTENT.length },
    ]);
    const answer = await batch("private/lfs.git", {
      operation: "download",
      objects: [{ oid: OID, size: CONTENT.length }],
    });
    const text = await answer.text();
    expect(text).toContain(`${agent.url}/git/lfs/`);
    expect(text).not.toContain("storage-secret");
    expect(text).not.toContain("/storage/");
  });

  it("lets real git-lfs upload with a push to the task's own branch", async () => {
    const folder = await clone("private/lfs.git");
    const added = Buffer.from(crypto.getRandomValues(new Uint8Array(50_000)));
    await writeFile(join(folder, "added.bin"), added);
    await agent.ok(folder, "add", ".");
    await agent.ok(folder, "commit", "-qm", "added");
    await agent.ok(folder, "push", "origin", `HEAD:refs/heads/agency/${CALLER.taskId}/lfs`);
    expect([...lab.host.objects.values()].some((object) => object.equals(added))).toBe(true);
    expect(
      lab.host.seen.map(({ line }) => line).filter((line) => line.includes("/storage/verify/")),
    ).toHaveLength(1);
  });

  it("downloads from an unnamed repository as a stranger, and uploads to none", async () => {
    await clone("public.git");
    const batches = lab.host.seen.filter(({ line }) => line.includes("/public.git/"));
    expect(batches.every(({ user }) => user === null)).toBe(true);
    const answer = await batch("public.git", { operation: "upload", objects: [{ oid: OID, size: 1 }] });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(/may not upload/)]);
  });

  it.each([
    ["no objects", { operation: "download", objects: [] }],
    [
      "too many",
      { operation: "download", objects: Array.from({ length: 1_001 }, () => ({ oid: OID, size: 1 })) },
    ],
    ["another operation", { operation: "delete", objects: [{ oid: OID, size: 1 }] }],
    ["no hash", { operation: "download", objects: [{ oid: "../../x", size: 1 }] }],
  ])("refuses a batch with %s", async (_, body) => {
    expect((await batch("private/lfs.git", body)).status).toBe(422);
    expect(lab.host.seen).toEqual([]);
  });

  it("takes an upload only of the size and by the method it was asked for", async () => {
    const href = await hrefOf("upload", "a".repeat(64), 10);
    expect((await fetch(href, { method: "PUT", body: "eleven chars" })).status).toBe(422);
    expect((await fetch(href)).status).toBe(405);
    expect(lab.host.seen.some(({ line }) => line.includes("/storage/"))).toBe(false);
  });

  it("gives an object to the attempt that asked for it only, and not for ever", async () => {
    let now = 0;
    let epoch = 1;
    const caller = () => ({ ...CALLER, epoch });
    await agent[Symbol.asyncDispose]();
    agent = await openGitAgent(
      lab,
      { repository: { url: at("private/lfs.git") } },
      { now: () => now },
      caller,
    );
    const href = await hrefOf("download");
    expect((await fetch(href)).status).toBe(200);
    epoch = 2;
    expect((await fetch(href)).status).toBe(404);
    epoch = 1;
    now = 3_600_001;
    expect((await fetch(href)).status).toBe(404);
  });

  it("judges where an object really is", async () => {
    let allowInternalHosts: string[] = [lab.host.host];
    await agent[Symbol.asyncDispose]();
    agent = await openGitAgent(
      lab,
      {},
      {
        rightsOf: async () => ({
          repository: { url: at("private/lfs.git") },
          repositories: [],
          allowInternalHosts,
        }),
      },
    );
    const href = await hrefOf("download");
    allowInternalHosts = [];
    const answer = await fetch(href);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(/internal network/)]);
  });
});
