import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createScriptedModel, shell, write } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { addPull } from "@agency/testing";
import type { FakePull, FakeRepository } from "@agency/testing";
import { Agency } from "./support/agency.ts";
import { FORGE_TOKEN, startForge } from "./support/forge.ts";
import type { Forge } from "./support/forge.ts";
import { Laptop } from "./support/laptop.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-REVW";
const MODEL = "claude-sonnet-4-5";
const REPO = "owner/name";
const REVIEW = {
  body: "One thing is wrong. @everybody",
  comments: [
    { path: "add.mjs", line: 2, body: "This subtracts." },
    { path: "add.mjs", line: 1, side: "old", body: "The note was right." },
    { path: "add.mjs", line: 40, body: "Nobody tests this." },
    { path: "../../etc/passwd", body: "no line" },
  ],
};

/** What a hijacked reviewer would try: its own branch, and the one that is reviewed. */
const PUSH = [
  "cat add.mjs",
  "git -c user.name=x -c user.email=x@x.invalid commit -q --allow-empty -m mine",
  'git push origin "HEAD:refs/heads/agency/$AGENCY_TASK_ID/mine"',
  "git push origin HEAD:refs/heads/faster",
].join("; ");

let forge: Forge;
let repository: FakeRepository;
let model: ScriptedModel;
let closeModel: () => Promise<void>;
let agency: Agency;
let laptop: Laptop;

beforeAll(async () => {
  forge = await startForge();
  repository = await forge.add(REPO, { "add.mjs": "// adds\nexport const add = (a, b) => a + b;\n" });
  const files = { "add.mjs": "// fast\nexport const add = (a, b) => a - b;\n" };
  await forge.commit(REPO, "faster", files);
  model = createScriptedModel({
    apiKey: KEY,
    keepBodies: true,
    scripts: {
      read: {
        steps: [
          { tools: [write("/workspace/.agency/review.json", JSON.stringify(REVIEW))] },
          { text: "I have read it." },
        ],
      },
      push: {
        steps: [
          { tools: [shell(PUSH)] },
          { tools: [write("/workspace/.agency/review.json", JSON.stringify(REVIEW))] },
          { text: "I have read it, and tried to change it." },
        ],
      },
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
  laptop = await Laptop.start(agency, { url: listening.url, key: KEY });
});

afterEach(() => model.assertClean());

afterAll(async () => {
  await laptop?.[Symbol.asyncDispose]();
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
  await forge?.[Symbol.asyncDispose]();
});

function openPull(head = { branch: "faster", repository: REPO }): FakePull {
  const patch =
    "@@ -1,2 +1,2 @@\n-// adds\n-export const add = (a, b) => a + b;\n+// fast\n+export const add = (a, b) => a - b;";
  return addPull(repository, {
    head,
    base: "main",
    title: "Faster",
    files: new Map([["add.mjs", patch]]),
  });
}

async function review(pull: FakePull, ...more: string[]) {
  return reviewBy("read", pull, ...more);
}

async function reviewBy(script: string, pull: FakePull, ...more: string[]) {
  const what = `${forge.origin}/${REPO}#${pull.number}`;
  const ran = await laptop.agency(
    "review",
    what,
    "-m",
    MODEL,
    "--focus",
    `[[s:${script}]] The sum.`,
    ...more,
  );
  const { tasks } = await agency.client.listTasks({ limit: 1 });
  const id = tasks[0]?.id ?? "";
  expect(ran, `${ran.stdout}${ran.stderr}\n${await agency.story(id)}`).toMatchObject({ code: 0 });
  return { ...(await agency.finished(id)), id, said: ran.stdout };
}

describe("a review of a pull request", () => {
  it("is posted once, at the lines it is about, also when the host's answer is lost; the branch stays", async () => {
    const pull = openPull();
    const before = forge.run(REPO, "for-each-ref");
    let lost = 0;
    const lose: (typeof forge.api.instead)[number] = ({ method, path, body }) => {
      if (method !== "POST" || !path.endsWith("/reviews")) return void forge.api.instead.unshift(lose);
      lost += 1;
      const given = body as { body: string; comments: object[] };
      pull.reviews.push({ id: 500, body: given.body, comments: given.comments });
      return null;
    };
    forge.api.instead.push(lose);
    const { task, events } = await review(pull);
    expect([lost, pull.reviews.length]).toEqual([1, 1]);
    const [posted] = pull.reviews;
    expect(posted?.comments).toEqual([
      expect.objectContaining({ path: "add.mjs", line: 2, side: "RIGHT", body: "This subtracts." }),
      expect.objectContaining({ path: "add.mjs", line: 1, side: "LEFT", body: "The note was right." }),
    ]);
    expect(posted?.body).toContain("`add.mjs:40`: Nobody tests this.");
    expect(posted?.body).toContain("1 of the 4 comments could not be used.");
    expect(posted?.body).not.toContain("@everybody");
    expect(task.result).toMatchObject({ branch: null, pullRequest: null });
    expect(task.result?.review).toMatch(new RegExp(`/owner/name/pull/${pull.number}#`));
    const told = events.filter((event) => event.type === "delivery" && event.data.kind === "review");
    expect(told).toHaveLength(1);
    expect(forge.run(REPO, "for-each-ref")).toBe(before);
    const asked = model.requests.find(({ script }) => script === "read");
    expect(JSON.stringify(asked?.body)).toContain("git fetch origin main");
  });

  it("is only shown when it is not to be posted", async () => {
    const pull = openPull();
    const { said, task } = await review(pull, "--no-post");
    expect(pull.reviews).toEqual([]);
    expect(task.result?.review ?? null).toBeNull();
    expect(said).toContain("add.mjs:40\n  Nobody tests this.");
  });

  it("of a fork is read where the repository itself has it, and pushes nothing", async () => {
    const pull = openPull({ branch: "theirs", repository: "somebody/name" });
    await forge.commit(REPO, "theirs", { "add.mjs": "// of a fork\n" });
    forge.run(REPO, "update-ref", `refs/pull/${pull.number}/head`, "refs/heads/theirs");
    forge.run(REPO, "update-ref", "-d", "refs/heads/theirs");
    const before = forge.run(REPO, "for-each-ref");
    const { task, events } = await reviewBy("push", pull);
    expect(forge.run(REPO, "for-each-ref")).toBe(before);
    const seen = model.requests.filter((request) => request.script === "push").map(({ body }) => body);
    expect(JSON.stringify(seen)).toContain("// of a fork");
    const denied = events.filter((event) => event.type === "git" && event.data.verdict === "denied");
    expect(denied).toMatchObject([{ data: { action: "push" } }, { data: { action: "push" } }]);
    expect(task.result).toMatchObject({ branch: null, pullRequest: null });
    expect(pull.reviews).toHaveLength(1);
  });
});
