import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import type { CreateTaskInput } from "@agency/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { discardSandboxes } from "./support/discard-sandboxes.ts";
import { makeHome } from "./support/home.ts";

const CLI = new URL("../apps/cli/bin/agency.mjs", import.meta.url).pathname;
const LONG = 120_000;

let home: string;
let agency: Agency;
let isAway = false;

beforeAll(async () => {
  home = await makeHome();
  agency = await Agency.start({ home });
}, LONG);
afterEach(() => comeBack());
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await discardSandboxes(home);
  await rm(home, { recursive: true, force: true });
}, LONG);

const storage = () => join(home, "storage");

/** As a disk that is not mounted: nothing that was there is, and nothing can be written. */
async function goAway(): Promise<void> {
  await rename(storage(), `${storage()}.away`);
  await writeFile(storage(), "");
  isAway = true;
}

async function comeBack(): Promise<void> {
  if (!isAway) return;
  isAway = false;
  await rm(storage());
  await rename(`${storage()}.away`, storage());
}

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env["PATH"], HOME: home, AGENCY_URL: agency.url, AGENCY_API_KEY: agency.apiKey },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: Number(code), out: out + err };
}

const start = async (command: string, more: Partial<CreateTaskInput> = {}) =>
  (await agency.client.createTask({ prompt: "Do it.", engine: "command", command, ...more })).id;

/** Its files cannot be stored: the task says so, and stands. */
async function waitsForStorage(id: string): Promise<void> {
  await agency.event(id, "notice", ({ text: said }) => said.includes("cannot be stored since"));
  await agency.event(id, "status", ({ state }) => state === "finishing");
}

const content = async (id: string, path: string) =>
  (await buffer(await agency.client.fileContent(id, path))).toString();

describe("storage that is away at the end of a run", () => {
  it(
    "keeps task and sandbox until everything is stored, through a crash of the server, and says why",
    async () => {
      const id = await start("echo made > made.txt; until [ -e go ]; do sleep 0.1; done; exit 0", {
        checks: ["cat made.txt"],
      });
      await agency.event(id, "session");
      await goAway();
      expect((await cli("shell", id, "-c", "touch go")).code).toBe(0);
      await waitsForStorage(id);
      const waiting = await agency.client.getTask(id);
      expect(waiting).toMatchObject({ state: "finishing", message: expect.stringContaining("--discard") });
      expect((await cli("show", id)).out).toMatch(/kept until they are.*--discard/s);
      expect((await cli("logs", id)).out).toMatch(/cannot be stored since .*storage/);
      expect((await cli("shell", id, "-c", "cat made.txt")).out).toBe("made\n");

      await agency.kill();
      await comeBack();
      agency = await Agency.start({ home });
      const { task, events } = await agency.finished(id);
      expect(task, await agency.story(id)).toMatchObject({ state: "completed", reason: null });
      const notices = events.filter(({ type }) => type === "notice").map(({ data }) => JSON.stringify(data));
      expect(notices.join("\n")).toContain("can be stored again");
      expect(await content(id, "made.txt")).toBe("made\n");
      expect(await agency.client.checkpoints(id)).toMatchObject([{ number: 1 }]);
      expect((await agency.client.artifacts(id)).filter(({ kind }) => kind === "log")).toHaveLength(1);
      expect((await cli("shell", id, "-c", "true")).out).toContain("not kept");
    },
    LONG,
  );

  it(
    "is not waited for when the user gives the files up",
    async () => {
      const id = await start("echo made > made.txt; until [ -e go ]; do sleep 0.1; done");
      await agency.event(id, "session");
      await goAway();
      expect((await cli("shell", id, "-c", "touch go")).code).toBe(0);
      await waitsForStorage(id);
      // A stop alone gives up nothing.
      expect((await cli("stop", id)).code).toBe(0);
      expect(await agency.client.getTask(id)).toMatchObject({ state: "finishing", cancelRequested: true });
      expect((await cli("shell", id, "-c", "cat made.txt")).out).toBe("made\n");
      expect((await cli("stop", id, "--discard")).code).toBe(0);
      const { task } = await agency.finished(id);
      expect(task).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
      expect((await cli("shell", id, "-c", "true")).out).toContain("not kept");
    },
    LONG,
  );
});

describe("a task that is stopped", () => {
  it(
    "has its work stored: what was made so far can be looked at and gone on with",
    async () => {
      const id = await start("echo half > half.txt; echo begun; sleep 1000");
      await agency.event(id, "log", ({ text: said }) => said.includes("begun"));
      await agency.client.cancelTask(id);
      const { task } = await agency.finished(id);
      expect(task, await agency.story(id)).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
      expect(await content(id, "half.txt")).toBe("half\n");
      expect(await agency.client.checkpoints(id)).toHaveLength(1);
      const next = await start("cat half.txt", { resume: { taskId: id } });
      const { events } = await agency.finished(next);
      expect(events.filter(({ type }) => type === "log").map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ text: "half" }),
      );
    },
    LONG,
  );
});
