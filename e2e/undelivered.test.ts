import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CreateTaskInput } from "@agency/contract";
import { Agency } from "./support/agency.ts";
import { accessibilityFaults, openBrowser, signIn, visit } from "./support/browser.ts";
import { FORGE_TOKEN, startForge } from "./support/forge.ts";
import type { Forge } from "./support/forge.ts";
import { Laptop } from "./support/laptop.ts";

const REPO = "owner/name";
const REPAIR = "sed -i 's/a - b/a + b/' add.mjs";

let forge: Forge;
let agency: Agency;

beforeAll(async () => {
  forge = await startForge();
  await forge.add(REPO, { "add.mjs": "export const add = (a, b) => a - b;\n" });
  agency = await Agency.start({
    env: { AGENCY_INTERNAL_HOSTS: forge.host, AGENCY_GITHUB_API_URL: `${forge.origin}/api/v3` },
  });
  await agency.client.setSecret(`GIT_TOKEN@${forge.host}`, { value: FORGE_TOKEN });
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await forge?.[Symbol.asyncDispose]();
});

const url = () => `${forge.origin}/${REPO}.git`;
const hook = () => join(forge.folder, `${REPO}.git`, "hooks", "pre-receive");
const laptop = () => Laptop.start(agency, { url: "http://127.0.0.1:1", key: "none" });

async function run(more: Partial<CreateTaskInput>) {
  const { id } = await agency.client.createTask({
    prompt: "Repair the sum",
    engine: "command",
    repository: { url: url() },
    ...more,
  });
  const { task } = await agency.finished(id);
  return { id, task, story: () => agency.story(id) };
}

describe("work that could not be delivered", () => {
  beforeEach(async () => {
    await mkdir(dirname(hook()), { recursive: true });
    await writeFile(hook(), "#!/bin/sh\necho 'no branches on Fridays' >&2\nexit 1\n", { mode: 0o755 });
  });

  it("is said by the result, by the end of the run and by exit code 6", async () => {
    await using machine = await laptop();
    const ran = await machine.agency("run", "--repo", url(), "--command", REPAIR, "Repair the sum");
    const { tasks } = await agency.client.listTasks({ limit: 1 });
    const id = tasks[0]?.id ?? "";
    const { task } = await agency.finished(id);
    const why = task.result?.undelivered ?? "";
    expect(why, await agency.story(id)).toMatch(
      new RegExp(`^No branch: Pushing to agency/${id}/repair-the-sum failed: .*no branches on Fridays`),
    );
    expect(task).toMatchObject({ state: "completed", result: { branch: null, commit: null } });
    expect(ran, ran.stderr).toMatchObject({ code: 6 });
    expect(ran.stdout).toContain(`  Missing  ${why} Bring the work here: \`agency apply ${id}\``);
    const waited = await machine.agency("wait", id);
    expect(waited).toMatchObject({ code: 6, stdout: expect.stringContaining(why) });
  });

  it("is said by the page of the run", async () => {
    const { id, task } = await run({ command: REPAIR });
    await using browser = await openBrowser();
    await using me = await visit(browser, agency);
    await signIn(me, agency);
    await me.page.goto(`/runs/${id}`);
    const about = me.page.getByRole("complementary", { name: "About the run" });
    await about.getByText(task.result?.undelivered ?? "nothing").waitFor();
    expect(await accessibilityFaults(me.page)).toEqual([]);
    expect(me.offences).toEqual([]);
  });

  it("is there when it is tried again", async () => {
    const { id, task } = await run({ command: REPAIR });
    expect(task.result?.undelivered ?? null).not.toBeNull();
    await rm(hook());
    await using machine = await laptop();
    const again = await machine.agency("resume", id, "go on");
    expect(again, again.stdout).toMatchObject({ code: 0 });
    const branches = forge.run(REPO, "for-each-ref", "--format=%(refname)", "refs/heads/agency");
    expect(forge.run(REPO, "show", `${branches}:add.mjs`)).toContain("a + b");
  });

  it("is said of a task that failed as well", async () => {
    const { task, story } = await run({ command: REPAIR, checks: ["false"] });
    expect(task, await story()).toMatchObject({
      state: "failed",
      reason: "checks_failed",
      result: { branch: null, undelivered: expect.stringContaining("no branches on Fridays") },
    });
  });

  it("is nothing when nothing has changed", async () => {
    const { task, story } = await run({ command: "true", deliver: "pr" });
    expect(task, await story()).toMatchObject({
      state: "completed",
      result: { branch: null, pullRequest: null, undelivered: null },
    });
  });

  it("is the pull request that the host refuses, with the branch that it would have been made of", async () => {
    await rm(hook());
    forge.api.mayWrite = false;
    const { task, story } = await run({ command: REPAIR, deliver: "pr" });
    forge.api.mayWrite = true;
    const { branch = null, pullRequest = null, undelivered } = task.result ?? {};
    expect([task.state, pullRequest, branch === null], await story()).toEqual(["completed", null, false]);
    expect(undelivered).toMatch(/^No pull request: /);
    expect(undelivered).toContain(`What was pushed is in the branch ${branch}.`);
  });
});
