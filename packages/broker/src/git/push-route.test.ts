import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FLUSH, pktLine } from "./pkt-line.ts";
import { CALLER, openGitAgent, openGitLab } from "./testing/git-lab.ts";
import type { GitAgent, GitLab } from "./testing/git-lab.ts";

const OWN = `agency/${CALLER.taskId}`;
const ONLY_OWN = new RegExp(`\\(this task may push to ${OWN}/\\* only\\)`);

let lab: GitLab;
let agent: GitAgent;
let work: string;
let name: string;
let count = 0;

beforeAll(async () => {
  lab = await openGitLab();
});
afterAll(() => lab[Symbol.asyncDispose]());

/** A fresh repository with a clone of it, one commit ahead. */
beforeEach(async () => {
  name = `repo-${(count += 1)}.git`;
  await lab.seed(name);
  agent = await openGitAgent(lab, { repository: { url: at(name) } });
  work = await mkdtemp(join(lab.folder, "work-"));
  await agent.ok(lab.folder, "clone", "-q", at(name), work);
  await commit("change.txt");
  return () => agent[Symbol.asyncDispose]();
});

function at(path: string): string {
  return `${lab.host.origin}/${path}`;
}

async function commit(file: string, content: string | Buffer = file): Promise<void> {
  await writeFile(join(work, file), content);
  await agent.ok(work, "add", ".");
  await agent.ok(work, "commit", "-qm", file);
}

function refs(): Promise<string> {
  return lab.onHost(name, "for-each-ref", "--format=%(refname)");
}

describe("pushing through the git broker", () => {
  it("creates, replaces and deletes the task's own branches with the credential", async () => {
    const text = await agent.ok(work, "push", "origin", `HEAD:refs/heads/${OWN}/fix`);
    expect(text).toMatch(/\[new branch\]/);
    expect(await refs()).toBe(`refs/heads/${OWN}/fix\nrefs/heads/main`);
    expect(lab.host.seen.at(-1)).toMatchObject({ user: "agency" });
    await agent.ok(work, "commit", "-q", "--amend", "-m", "other");
    await agent.ok(work, "push", "--force", "origin", `HEAD:refs/heads/${OWN}/fix`);
    expect(await lab.onHost(name, "rev-parse", `${OWN}/fix`)).toBe(
      (await agent.ok(work, "rev-parse", "HEAD")).trim(),
    );
    await agent.ok(work, "push", "origin", "--delete", `${OWN}/fix`);
    expect(await refs()).toBe("refs/heads/main");
    expect(agent.transfers.filter(({ action }) => action === "push")).toMatchObject(
      Array.from({ length: 3 }, () => ({
        verdict: "allowed",
        refs: [`refs/heads/${OWN}/fix`],
        repository: at(name),
      })),
    );
  });

  it("ends with the task: who stopped it wants to see nothing of it outside, but may let it read", async () => {
    await using stopped = await openGitAgent(lab, { repository: { url: at(name) }, isStopped: true });
    const pushed = await stopped.git(work, "push", "origin", `HEAD:refs/heads/${OWN}/fix`);
    expect(pushed.code).not.toBe(0);
    expect(pushed.text).toContain("This task was stopped: it pushes nothing any more.");
    expect(await refs()).toBe("refs/heads/main");
    expect(stopped.transfers.at(-1)).toMatchObject({ action: "push", verdict: "denied" });
    await stopped.ok(work, "fetch", "origin");
  });

  it.each([
    ["the main branch", ["HEAD:main"]],
    ["the main branch by force", ["--force", "HEAD:main"]],
    ["a delete of the main branch", ["--delete", "main"]],
    ["a tag", ["HEAD:refs/tags/v1"]],
    ["a note", ["HEAD:refs/notes/commits"]],
    ["a pull request's ref", ["HEAD:refs/pull/1/head"]],
    ["a review's ref that merges", ["HEAD:refs/for/main%submit"]],
    ["HEAD", ["--force", "HEAD:HEAD"]],
    ["a replaced object", ["HEAD:refs/replace/4b825dc642cb6eb9a060e54bf8d69288fbee4904"]],
    ["another task's branch", ["HEAD:refs/heads/agency/task-2/x"]],
    ["a longer task's name", ["HEAD:refs/heads/agency/task-1evil/x"]],
    ["the prefix itself", ["HEAD:refs/heads/agency/task-1"]],
    ["another case", ["HEAD:refs/heads/Agency/task-1/x"]],
    ["the prefix one level down", ["HEAD:refs/heads/x/agency/task-1/x"]],
    ["the prefix below tags", ["HEAD:refs/tags/agency/task-1/x"]],
  ])("refuses %s and git says why", async (_, args) => {
    const { code, text } = await agent.git(work, "push", "origin", ...args);
    expect(code).not.toBe(0);
    expect(text).toMatch(/remote rejected/);
    expect(text).toMatch(ONLY_OWN);
    expect(await refs()).toBe("refs/heads/main");
    expect(lab.host.seen.some(({ line }) => line.startsWith(`POST /${name}/git-receive-pack`))).toBe(false);
    expect(agent.transfers.at(-1)).toMatchObject({ action: "push", verdict: "denied" });
  });

  it.each([[[]], [["--atomic"]]])("refuses the whole of a mixed push %j", async (flags) => {
    const specs = [`HEAD:refs/heads/${OWN}/good`, "HEAD:refs/tags/bad"];
    const { text } = await agent.git(work, "push", ...flags, "origin", ...specs);
    expect(text).toMatch(ONLY_OWN);
    expect(text).toMatch(/good \(another ref of this push was refused\)/);
    expect(await refs()).toBe("refs/heads/main");
  });

  it("takes all of a large pack before it refuses it, so that git does not hang or lose the reason", async () => {
    await commit("large.bin", Buffer.from(Buffer.alloc(3_000_000).map((_, index) => (index * index) % 251)));
    await commit("random.bin", Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))));
    const large = ["-c", "http.postBuffer=65536", "-c", "core.compression=0"];
    expect((await agent.git(work, ...large, "push", "origin", "HEAD:main")).text).toMatch(ONLY_OWN);
    await agent.ok(work, ...large, "push", "origin", `HEAD:refs/heads/${OWN}/large`);
    expect(await refs()).toContain(`${OWN}/large`);
  });

  it("refuses push options, by which hosts merge and publish", async () => {
    await lab.onHost(name, "config", "receive.advertisePushOptions", "true");
    const args = ["push", "-o", "merge_request.merge_when_pipeline_succeeds", "origin"];
    const { text } = await agent.git(work, ...args, `HEAD:refs/heads/${OWN}/x`);
    expect(text).toMatch(/push options are not passed on/);
    expect(await refs()).toBe("refs/heads/main");
  });

  it("opens the branch the task is set to push to, but not its deletion", async () => {
    await using other = await openGitAgent(lab, { repository: { url: at(name), pushBranch: "dev" } });
    const push = (...args: string[]) => other.git(work, "push", "origin", ...args);
    expect(await push("HEAD:dev")).toMatchObject({ code: 0 });
    expect((await push("--delete", "dev")).text).toMatch(/may not delete dev/);
    expect((await push("HEAD:main")).text).toMatch(/may push to agency\/task-1\/\* and dev only/);
    expect(await refs()).toBe("refs/heads/dev\nrefs/heads/main");
  });

  it("refuses every other repository, listed or not", async () => {
    await lab.seed(`listed-${name}`);
    const rights = { repository: { url: at(name) }, repositories: [at(`listed-${name}`)] };
    await using other = await openGitAgent(lab, rights);
    const { code, text } = await other.git(work, "push", at(`listed-${name}`), `HEAD:refs/heads/${OWN}/x`);
    expect(code).not.toBe(0);
    expect(text).toMatch(/remote: This task may not push to .*: it pushes to its own repository/);
    await using none = await openGitAgent(lab, { repositories: [at(name)] });
    expect((await none.git(work, "push", "origin", `HEAD:refs/heads/${OWN}/x`)).text).toMatch(
      /it pushes to no repository/,
    );
  });

  it("reports what the host made of each ref, and not what the client says of it", async () => {
    const ref = `refs/heads/${OWN}/x`;
    const head = (await agent.ok(work, "rev-parse", "HEAD")).trim();
    await lab.onHost(name, "config", "receive.denyNonFastForwards", "true");
    await agent.ok(work, "push", "origin", `HEAD:${ref}`);
    const zero = "0".repeat(40);
    expect(agent.transfers.at(-1)?.updates).toEqual([{ ref, old: zero, new: head, ok: true }]);
    await agent.ok(work, "commit", "-q", "--amend", "-m", "other");
    const other = (await agent.ok(work, "rev-parse", "HEAD")).trim();
    await agent.git(work, "push", "--force", "origin", `HEAD:${ref}`);
    expect(agent.transfers.at(-1)).toMatchObject({
      verdict: "allowed",
      updates: [{ ref, old: head, new: other, ok: false }],
    });
    // A push that asks for no report may well be done, and nobody has said so.
    const silent = await post(agent, [pktLine(`${head} ${zero} ${ref}\0delete-refs`), FLUSH]);
    await silent.arrayBuffer();
    expect(agent.transfers.at(-1)?.updates).toEqual([{ ref, old: head, new: zero, ok: null }]);
  });

  it("passes on what the host itself refuses", async () => {
    await lab.onHost(name, "config", "receive.denyNonFastForwards", "true");
    await agent.ok(work, "push", "origin", `HEAD:refs/heads/${OWN}/x`);
    await agent.ok(work, "commit", "-q", "--amend", "-m", "other");
    const { text } = await agent.git(work, "push", "--force", "origin", `HEAD:refs/heads/${OWN}/x`);
    expect(text).toMatch(/non-fast-forward/);
  });

  it("sends nothing of a push whose attempt is fenced before its commands are read", async () => {
    const over = new AbortController();
    const sent = Promise.withResolvers<void>();
    const fence = { watch: () => ({ signal: over.signal, release() {} }) };
    await using other = await openGitAgent(lab, { repository: { url: at(name) } }, { fence });
    const line = `${"0".repeat(40)} ${"1".repeat(40)} refs/heads/${OWN}/x\0report-status`;
    const asked = post(
      other,
      (async function* () {
        yield pktLine(line);
        await sent.promise;
        yield FLUSH;
      })(),
    );
    over.abort();
    sent.resolve();
    expect((await asked).status).toBe(410);
    expect(lab.host.seen.some(({ line: seen }) => seen.includes(`POST /${name}/git-receive-pack`))).toBe(
      false,
    );
    expect(other.transfers).toMatchObject([
      { verdict: "failed", reason: "The attempt is over: the transfer was cut." },
    ]);
  });

  it("judges a gzip-encoded push like any other", async () => {
    const line = `${"0".repeat(40)} ${"1".repeat(40)} refs/heads/main\0report-status`;
    const answer = await post(agent, [gzipSync(Buffer.concat([pktLine(line), FLUSH]))], {
      "content-encoding": "gzip",
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/unpack ok\n.*ng refs\/heads\/main this task may push/s);
  });

  it.each([
    ["nonsense", Buffer.from("nonsense")],
    ["a signed push", Buffer.concat([pktLine("push-cert\0report-status\n"), FLUSH])],
    ["half a push", pktLine(`${"0".repeat(40)} ${"1".repeat(40)} refs/heads/${OWN}/x\0report-status`)],
  ])("refuses %s", async (_, body) => {
    expect((await post(agent, [body])).status).toBe(400);
  });

  it("refuses an encoding it cannot look into", async () => {
    expect((await post(agent, [FLUSH], { "content-encoding": "br" })).status).toBe(415);
  });

  it("answers the question that comes before a large push", async () => {
    const answer = await post(agent, [FLUSH]);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });
});

function post(
  to: GitAgent,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${to.url}/git/http/${lab.host.host}/${name}/git-receive-pack`, {
    method: "POST",
    headers,
    body: ReadableStream.from(body),
    duplex: "half",
  });
}
