import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Artifact, CreateTaskInput, TaskEvent } from "@agency/contract";
import { createScriptedModel, shell, write } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { addPull } from "@agency/testing";
import type { FakeRepository } from "@agency/testing";
import { Agency } from "./support/agency.ts";
import { FORGE_TOKEN, startForge } from "./support/forge.ts";
import type { Forge } from "./support/forge.ts";
import { Laptop } from "./support/laptop.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-WORK";
const MODEL = "claude-sonnet-4-5";
const REPO = "owner/name";

let forge: Forge;
let repository: FakeRepository;
let model: ScriptedModel;
let closeModel: () => Promise<void>;
let agency: Agency;

beforeAll(async () => {
  forge = await startForge();
  repository = await forge.add(REPO, {
    "add.mjs": "export const add = (a, b) => a - b;\n",
    "check.mjs":
      'import { add } from "./add.mjs";\nif (add(2, 3) !== 5) throw new Error("2 + 3 is " + add(2, 3));\n',
    ".gitignore": "ignored/\n",
  });
  model = createScriptedModel({
    apiKey: KEY,
    keepBodies: true,
    scripts: {
      learn: {
        steps: [
          { tools: [write("/workspace/notes.txt", "kept\n"), shell("echo the word is amaranth")] },
          { text: "I have learnt it." },
        ],
      },
      recall: { steps: [{ tools: [shell("cat notes.txt; echo more >> notes.txt")] }, { text: "Recalled." }] },
    },
  });
  const listening = await model.listen();
  closeModel = () => listening.close();
  agency = await Agency.start({
    env: {
      ANTHROPIC_BASE_URL: listening.url,
      ANTHROPIC_API_KEY: KEY,
      AGENCY_INTERNAL_HOSTS: forge.host,
      AGENCY_GITHUB_API_URL: `${forge.origin}/api/v3`,
    },
  });
  await agency.client.setSecret(`GIT_TOKEN@${forge.host}`, { value: FORGE_TOKEN });
});

afterEach(() => model.assertClean());

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
  await forge?.[Symbol.asyncDispose]();
});

async function run(more: Partial<CreateTaskInput>) {
  const { id } = await agency.client.createTask({
    prompt: "Repair the sum\n\nIt subtracts.",
    engine: "command",
    repository: { url: `${forge.origin}/${REPO}.git` },
    ...more,
  });
  const { task, events } = await agency.finished(id);
  return { id, task, events, story: () => agency.story(id) };
}

const REPAIR = "sed -i 's/a - b/a + b/' add.mjs";
const of = <T extends TaskEvent["type"]>(events: TaskEvent[], type: T) =>
  events.filter((event): event is TaskEvent & { type: T } => event.type === type);

async function bytesOf(taskId: string, artifact: Artifact): Promise<Buffer> {
  const { body } = await agency.client.artifactContent(taskId, artifact, () => createHash("sha256"));
  return buffer(body);
}

describe("work that is delivered", () => {
  it("is one commit on a branch of its own, checked in a clean checkout, with archive and patch beside", async () => {
    const { id, task, events, story } = await run({
      command: `${REPAIR}; mkdir ignored dist; echo big > ignored/file; echo built > dist/out.js; git add -A; git commit -qm "half way"; echo end >> check.mjs.txt`,
      checks: ["node check.mjs", "test ! -e ignored"],
      artifacts: ["dist/**"],
    });
    expect(task, await story()).toMatchObject({ state: "completed", reason: null });
    const { result } = task;
    expect(result?.branch).toMatch(new RegExp(`^agency/${id}/`));
    expect(result?.checks.map(({ command, passed }) => [command, passed])).toEqual([
      ["node check.mjs", true],
      ["test ! -e ignored", true],
    ]);
    const branch = result?.branch ?? "";
    expect(forge.run(REPO, "rev-parse", branch)).toBe(result?.commit);
    expect(forge.run(REPO, "rev-list", "--count", `main..${branch}`)).toBe("1");
    expect(forge.run(REPO, "show", `${branch}:add.mjs`)).toContain("a + b");
    expect(forge.run(REPO, "log", "-1", "--format=%s", branch)).toBe("Repair the sum");
    expect(of(events, "delivery").length).toBeGreaterThan(0);

    const artifacts = await agency.client.artifacts(id);
    const one = (kind: string) => {
      const found = artifacts.find((artifact) => artifact.kind === kind);
      if (found === undefined) throw new Error(`no ${kind} among ${JSON.stringify(artifacts)}`);
      return found;
    };
    const patch = (await bytesOf(id, one("patch"))).toString();
    expect(patch).toContain("+export const add = (a, b) => a + b;");
    expect((await bytesOf(id, one("file"))).toString()).toBe("built\n");
    expect(zstdDecompressSync(await bytesOf(id, one("archive"))).includes("a + b")).toBe(true);
    const { files } = await agency.client.files(id);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["add.mjs", "dist/out.js"]));
    expect(files.map(({ path }) => path).filter((path) => path.startsWith("ignored"))).toEqual([]);
    const content = await buffer(await agency.client.fileContent(id, "add.mjs"));
    expect(content.toString()).toBe("export const add = (a, b) => a + b;\n");
  });

  it("is judged by its checks, not by the agent's word, and is kept when they fail", async () => {
    const { id, task, story } = await run({
      command: "echo I repaired everything > done.txt",
      checks: ["node check.mjs"],
    });
    expect(task, await story()).toMatchObject({ state: "failed", reason: "checks_failed" });
    expect(task.result?.checks).toEqual([expect.objectContaining({ passed: false, exitCode: 1 })]);
    expect(await agency.client.artifacts(id)).toContainEqual(expect.objectContaining({ kind: "archive" }));
  });

  it("is a pull request with a title, what was done and a mark of its origin", async () => {
    const { id, task, story } = await run({ command: REPAIR, deliver: "pr", checks: ["node check.mjs"] });
    expect(task, await story()).toMatchObject({ state: "completed" });
    const { pullRequest, branch } = task.result ?? {};
    expect(pullRequest?.url ?? "none", await story()).toMatch(/\/owner\/name\/pull\/\d+$/);
    const asked = forge.api.seen.find(({ method, path }) => method === "POST" && path.endsWith("/pulls"));
    expect(asked?.body).toMatchObject({ title: "Repair the sum", head: branch, base: "main" });
    expect(JSON.stringify(asked?.body)).toContain("`node check.mjs` passed");
    expect(JSON.stringify(asked?.body)).toContain(`[task ${id}](${agency.url}/runs/${id})`);
  });

  it("keeps the agent's commits when it is told so", async () => {
    const commits =
      "echo 1 > one; git add one; git commit -qm One; echo 2 > two; git add two; git commit -qm Two";
    const { task, story } = await run({ command: commits, commits: "keep" });
    expect(task, await story()).toMatchObject({ state: "completed" });
    const subjects = forge.run(REPO, "log", "--format=%s", `main..${task.result?.branch}`).split("\n");
    expect(subjects).toEqual(expect.arrayContaining(["Two", "One"]));
  });
});

/** Ends when somebody else has moved a branch of the repository. */
const whenMoved = (branch: string) =>
  `at=$(git rev-parse HEAD); echo begun; until [ "$(git ls-remote origin refs/heads/${branch} | cut -f1)" != "$at" ]; do sleep 0.1; done`;

async function pullRequest(branch: string) {
  const head = await forge.commit(REPO, branch, { [`${branch}.txt`]: "begun\n" });
  return { head, pull: addPull(repository, { head: { branch, repository: REPO }, base: "main" }) };
}

const begun = (id: string) => agency.event(id, "log", ({ text }) => text.includes("begun"));
const notices = (events: TaskEvent[]) => of(events, "notice").map(({ data }) => data.text);

describe("work on a pull request that is there", () => {
  it("moves its branch when it is done and checked, and never before", async () => {
    const { head, pull } = await pullRequest("feature");
    const tries = ["HEAD:feature", "--force HEAD~2:feature", "--delete feature", "HEAD:main"];
    const { id, task, events, story } = await run({
      command: `git commit -q --allow-empty -m evil; ${tries.map((how) => `git push origin ${how}`).join("; ")}; ${REPAIR}`,
      pullRequest: pull.number,
      checks: ["node check.mjs", "test -e feature.txt"],
    });
    expect(task, await story()).toMatchObject({
      state: "completed",
      result: { branch: "feature", pullRequest: { number: pull.number } },
    });
    const pushes = of(events, "git").filter(({ data }) => data.action === "push");
    expect(pushes.map(({ data }) => data.verdict)).toEqual([...tries.map(() => "denied"), "allowed"]);
    expect(pushes.at(-1)?.data.updates).toMatchObject([{ new: task.result?.commit, ok: true }]);
    expect(forge.run(REPO, "rev-parse", "feature")).toBe(task.result?.commit);
    expect(forge.run(REPO, "rev-parse", "feature~1")).toBe(head);
    expect(forge.run(REPO, "for-each-ref", "--format=%(refname:short)", `refs/heads/agency/${id}`)).not.toBe(
      "",
    );
  });

  it("leaves its branch alone when the checks fail", async () => {
    const { head, pull } = await pullRequest("failing");
    const { id, task, story } = await run({
      command: "echo x > x",
      pullRequest: pull.number,
      checks: ["false"],
    });
    expect(task, await story()).toMatchObject({
      state: "failed",
      result: {
        branch: expect.stringMatching(`^agency/${id}/`),
        pullRequest: null,
        undelivered: expect.stringMatching(
          `^Pull request #${pull.number} does not have the work: The task did not complete\\.`,
        ),
      },
    });
    expect(forge.run(REPO, "rev-parse", "failing")).toBe(head);
  });

  it.each([
    ["goes on top of what others pushed meanwhile", "theirs.txt", true],
    ["stays beside what it conflicts with, and says so", "add.mjs", false],
  ])("%s", async (_what, file, isMoved) => {
    const branch = `moving-${file.length}`;
    const { pull } = await pullRequest(branch);
    const { id } = await agency.client.createTask({
      prompt: "Repair the sum",
      engine: "command",
      command: `${whenMoved(branch)}; ${REPAIR}`,
      repository: { url: `${forge.origin}/${REPO}.git` },
      pullRequest: pull.number,
      checks: ["node check.mjs"],
    });
    await begun(id);
    const theirs = await forge.commit(REPO, branch, { [file]: "theirs;\n" });
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed" });
    const { result } = task;
    expect(forge.run(REPO, "rev-parse", result?.branch ?? "none")).toBe(result?.commit);
    expect([result?.branch === branch, result?.pullRequest !== null]).toEqual([isMoved, isMoved]);
    expect(result?.undelivered ?? "it is there").toMatch(
      isMoved ? /^it is there$/ : /^Pull request #\d+ does not have the work: Somebody else has pushed to /,
    );
    expect(forge.run(REPO, "rev-parse", isMoved ? `${branch}~1` : branch)).toBe(theirs);
    expect(notices(events).join("\n")).toMatch(
      isMoved
        ? /had moved: the work was put on top/
        : /Somebody else has pushed to .* is in the branch agency\//,
    );
  });
});

describe("agency resume with other terms", () => {
  const resume = async (id: string, ...args: string[]) => {
    await using laptop = await Laptop.start(agency, { url: "http://127.0.0.1:1", key: KEY });
    const said = await laptop.agency("resume", id, "--detach", ...args);
    expect(said, said.stderr).toMatchObject({ code: 0 });
    return agency.finished(said.stdout.trim());
  };

  it("ends no more at the time limit of the task it goes on from, and keeps the other limits", async () => {
    const first = await run({
      command: `test -e slow.txt && exec sed -i 's/a - b/a + b/' add.mjs; echo begun > slow.txt; exec sleep 100`,
      limits: { wallMs: 2000, turns: 7, costUsd: 3 },
      deliver: "none",
    });
    expect(first.task, await first.story()).toMatchObject({ state: "failed", reason: "timeout" });
    expect(first.task.message).toContain(`\`agency resume ${first.id} --timeout 8h "go on"\``);
    const terms = ["--timeout", "1h", "--check", "node check.mjs", "--deliver", "branch"];
    const { task } = await resume(first.id, ...terms, "Go on");
    expect(task, await agency.story(task.id)).toMatchObject({ state: "completed", deliver: "branch" });
    expect(task.limits).toEqual({ ...first.task.limits, wallMs: 3_600_000 });
    expect(task.result?.checks).toMatchObject([{ command: "node check.mjs", passed: true }]);
    expect(forge.run(REPO, "show", `${task.result?.branch}:slow.txt`)).toBe("begun");
  });

  it("pushes to the pull request that the first task opened, also when others push there, and opens no second one", async () => {
    const command = `echo 1 >> notes.txt; ${REPAIR}`;
    const first = await run({ command, deliver: "pr", checks: ["node check.mjs"] });
    const { pullRequest, branch, commit } = first.task.result ?? {};
    expect(pullRequest ?? null, await first.story()).not.toBeNull();
    const opened = () =>
      forge.api.seen.filter(({ method, path }) => method === "POST" && path.endsWith("/pulls"));
    const before = opened().length;
    const { task, events } = await resume(first.id, "--pr", String(pullRequest?.number), "Go on");
    expect(task, await agency.story(task.id)).toMatchObject({ state: "completed", deliver: "pr" });
    expect(task.result, await agency.story(task.id)).toMatchObject({ branch, pullRequest });
    expect(opened()).toHaveLength(before);
    expect(notices(events).join("\n")).not.toContain("does not have the work");
    expect(forge.run(REPO, "rev-parse", `${branch}~1`)).toBe(commit);
    expect(forge.run(REPO, "show", `${branch}:notes.txt`)).toBe("1\n1");
    expect(forge.run(REPO, "diff", "--name-only", `${branch}~1`, `${branch}`)).toBe("notes.txt");
    const theirs = await forge.commit(REPO, branch ?? "", { "theirs.txt": "theirs\n" });
    const third = await resume(task.id, "Go on");
    const story = await agency.story(third.task.id);
    expect(third.task.result, story).toMatchObject({ branch, pullRequest });
    expect(forge.run(REPO, "rev-parse", `${branch}~1`)).toBe(theirs);
    expect(forge.run(REPO, "show", `${branch}:notes.txt`)).toBe("1\n1\n1");
    expect(opened()).toHaveLength(before);
  });
});

describe("what the command line asks to have delivered", () => {
  async function cli(args: string[], during: (id: string) => Promise<unknown> = async () => undefined) {
    await using laptop = await Laptop.start(agency, { url: "http://127.0.0.1:1", key: KEY });
    const repo = ["--repo", `${forge.origin}/${REPO}.git`, "--check", "node check.mjs"];
    const ran = await laptop.agency("run", "--detach", ...repo, ...args, "Repair the sum");
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const { tasks } = await agency.client.listTasks({ limit: 1 });
    const id = tasks[0]?.id ?? "";
    await during(id);
    const shown = await laptop.agency("wait", id);
    expect(shown, `${shown.stdout}${shown.stderr}\n${await agency.story(id)}`).toMatchObject({ code: 0 });
    const { task } = await agency.finished(id);
    const kinds = (await agency.client.artifacts(id)).map(({ kind }) => kind);
    const pushed = forge.run(REPO, "for-each-ref", "--format=%(refname:short)", `refs/heads/agency/${id}`);
    return { result: task.result, kinds, pushed };
  }

  it.each([
    ["none", false, false, false],
    ["files", true, false, false],
    ["branch", true, true, false],
    ["pr", true, true, true],
  ])("is handed over: %s", async (deliver, files, branch, pr) => {
    const { result, kinds, pushed } = await cli(["--command", REPAIR, "--deliver", deliver]);
    expect([kinds.includes("archive"), kinds.includes("patch")]).toEqual([files, files]);
    expect(result).toMatchObject({ branch: pushed === "" ? null : pushed, undelivered: null });
    expect([pushed !== "", result?.commit !== null, result?.pullRequest !== null]).toEqual([
      branch,
      branch,
      pr,
    ]);
  });

  it("is one commit by Agency and the engine, or the agent's own, and stands on a base that has moved since", async () => {
    const base = forge.run(REPO, "rev-parse", "main");
    const steps = "echo 1 > one; git add one; git commit -qm One; echo 2 > two";
    const facts = "--format=%P|%an <%ae>|%s|%(trailers:key=Co-authored-by,valueonly)";
    const command = `${whenMoved("main")}; ${REPAIR}; ${steps}`;
    const { result, pushed } = await cli(["--command", command, "--deliver", "pr"], async (id) => {
      await begun(id);
      await forge.commit(REPO, "main", { "other.txt": "other\n" });
    });
    expect(forge.run(REPO, "log", facts, `main..${pushed}`).trim()).toMatch(
      new RegExp(
        `^${base}\\|Agency <agent@agency.invalid>\\|Repair the sum\\|\\S.* <noreply@agency.invalid>$`,
      ),
    );
    expect(result?.pullRequest).not.toBeNull();
    const kept = await cli(["--command", `${REPAIR}; ${steps}`, "--commits", "keep"]);
    expect(forge.run(REPO, "log", "--format=%s", `main..${kept.pushed}`)).toBe("Repair the sum\nOne");
    expect(kept.result?.commits).toHaveLength(2);
  });
});

describe("a task that is gone on from", () => {
  it("has the files and the memory of the one before, and says what came back", async () => {
    const first = await run({ engine: "claude", model: MODEL, prompt: "[[s:learn]] Learn the word." });
    expect(first.task, await first.story()).toMatchObject({ state: "completed" });
    expect((await agency.client.checkpoints(first.id)).length).toBeGreaterThan(0);
    const second = await run({
      engine: "claude",
      model: MODEL,
      prompt: "[[s:recall]] What was the word?",
      resume: { taskId: first.id },
    });
    expect(second.task, await second.story()).toMatchObject({ state: "completed", parentId: first.id });
    expect(of(second.events, "restored")).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ taskId: first.id, session: "restored" }) }),
    ]);
    const output = of(second.events, "tool_end").map(({ data }) => data.output);
    expect(output.join("\n")).toContain("kept");
    const asked = model.requests.filter(({ script }) => script === "recall");
    expect(JSON.stringify(asked.at(-1)?.body)).toContain("the word is amaranth");
  });
});
