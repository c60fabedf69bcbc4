import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TaskEvent } from "@agency/contract";
import { createScriptedModel, shell } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { Agency } from "./support/agency.ts";
import { Laptop } from "./support/laptop.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-GOON";
const MODEL = "claude-sonnet-4-5";

let model: ScriptedModel;
let closeModel: () => Promise<void>;
let agency: Agency;
let laptop: Laptop;
/** Two turns: after the first there is one file and one word, after the second there are two. */
let parent: string;
let session: string;

const look = (name: string) => ({
  [name]: { steps: [{ tools: [shell("ls; echo $COLOR")] }, { text: "Seen." }] },
});

beforeAll(async () => {
  model = createScriptedModel({
    apiKey: KEY,
    keepBodies: true,
    scripts: {
      learn: {
        steps: [
          { tools: [shell("echo 1 > one.txt; echo the first word is amaranth")] },
          { text: "One." },
          { tools: [shell("rm one.txt; echo 2 > two.txt; echo the second word is saffron")] },
          { text: "Two." },
        ],
      },
      ...look("on"),
      ...look("back"),
      ...look("fork"),
    },
  });
  const listening = await model.listen();
  closeModel = () => listening.close();
  agency = await Agency.start({ env: { ANTHROPIC_BASE_URL: listening.url, ANTHROPIC_API_KEY: KEY } });
  laptop = await Laptop.start(agency, { url: listening.url, key: KEY });
  const { id } = await agency.client.createTask({
    prompt: "[[s:learn]] Learn the first word.",
    model: MODEL,
    deliver: "none",
    limits: { turns: 9 },
    env: { COLOR: "teal" },
    artifacts: ["*.txt"],
    labels: { from: "test" },
  });
  await agency.client.sendMessage(id, { text: "Now the second one.", mode: "next_turn" });
  const { task, events } = await agency.finished(id);
  if (task.state !== "completed") throw new Error(await agency.story(id));
  parent = id;
  session = sessionOf(events);
});

afterEach(() => model.assertClean());

afterAll(async () => {
  await laptop?.[Symbol.asyncDispose]();
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
});

const of = <T extends TaskEvent["type"]>(events: readonly TaskEvent[], type: T) =>
  events.filter((event): event is Extract<TaskEvent, { type: T }> => event.type === type);
const sessionOf = (events: readonly TaskEvent[]) => of(events, "session").at(0)?.data.sessionId ?? "";
const seenBy = (events: readonly TaskEvent[]) =>
  of(events, "tool_end")
    .map(({ data }) => data.output)
    .join("\n");
const askedOf = (script: string) =>
  JSON.stringify(model.requests.findLast((request) => request.script === script)?.body);

async function afterTurn(turn: number): Promise<number> {
  const kept = await agency.client.checkpoints(parent);
  const found = kept.findLast((checkpoint) => checkpoint.turn === turn);
  expect(found, JSON.stringify(kept)).toMatchObject({ sessionId: session });
  return found?.number ?? 0;
}

async function resume(...args: string[]) {
  const said = await laptop.agency("resume", parent, ...args);
  const { tasks } = await agency.client.listTasks({ limit: 1 });
  const id = tasks[0]?.id ?? "";
  expect(said, `${said.stdout}${said.stderr}\n${await agency.story(id)}`).toMatchObject({ code: 0 });
  return { said, id, ...(await agency.finished(id)) };
}

describe("the files of a checkpoint", () => {
  it("are those of its turn, whatever became of them later", async () => {
    const [first, second] = [await afterTurn(1), await afterTurn(2)];
    const { client } = agency;
    const was = await client.checkpointFiles(parent, first);
    expect(was).toMatchObject({
      files: [{ path: "one.txt", kind: "file", bytes: 2, change: "added" }],
      deleted: [],
      truncated: false,
      nextAfter: null,
    });
    expect(await client.checkpointFiles(parent, second)).toMatchObject({
      files: [{ path: "two.txt", change: "added" }],
    });
    const content = await client.checkpointFileContent(parent, first, "one.txt");
    expect((await buffer(content)).toString()).toBe("1\n");
    await expect(client.checkpointFileContent(parent, second, "one.txt")).rejects.toMatchObject({
      code: "not_found",
    });
    const listed = await laptop.agency("files", parent, "--from", String(first));
    expect(listed).toMatchObject({ code: 0, stdout: " A  2 B        one.txt\n" });
    const printed = await laptop.agency("files", parent, "one.txt", "--from", String(first));
    expect(printed).toMatchObject({ code: 0, stdout: "1\n" });
  });

  it("are read byte for byte where a history of the agent's own has them packed as changes", async () => {
    const change = 'sed -i "${i}d" a.txt; echo "end $i" >> a.txt; git add -A; git commit -qm "v$i"';
    const command = `seq 1 40000 > a.txt; for i in 1 2 3 4 5 6; do ${change}; done; git gc -q; sed 7d a.txt > b.txt; sha256sum a.txt b.txt | cut -c-64 > sums`;
    const { id } = await agency.client.createTask({ prompt: "Work.", engine: "command", command });
    const { task } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    const [{ number, bytes } = { number: 0, bytes: 0 }] = await agency.client.checkpoints(id);
    // Seven versions of 230 KB.
    expect(bytes).toBeLessThan(300_000);
    const read = async (path: string) => buffer(await agency.client.checkpointFileContent(id, number, path));
    const sums = await Promise.all(
      ["a.txt", "b.txt"].map(async (path) =>
        createHash("sha256")
          .update(await read(path))
          .digest("hex"),
      ),
    );
    expect((await read("sums")).toString()).toBe(sums.map((sum) => `${sum}\n`).join(""));
  });
});

describe("agency resume with an instruction", () => {
  it("goes on with the newest files and memory in the same session, as the task was told to work", async () => {
    const { said, id, task, events } = await resume("[[s:on]] Which words?");
    expect(task).toMatchObject({ parentId: parent, model: MODEL, deliver: "none", labels: { from: "test" } });
    expect(task.limits.turns).toBe(9);
    expect(sessionOf(events)).toBe(session);
    expect(seenBy(events)).toContain("two.txt");
    expect(seenBy(events)).not.toContain("one.txt");
    expect(seenBy(events)).toContain("teal");
    for (const word of ["amaranth", "saffron"]) expect(askedOf("on")).toContain(word);
    expect((await agency.client.artifacts(id)).map(({ name }) => name)).toContain("two.txt");
    const [back] = of(events, "restored");
    expect(back?.data).toMatchObject({ taskId: parent, session: "restored", files: 1 });
    const number = back?.data.checkpoint;
    expect(said.stdout).toContain(`Going on from checkpoint ${number} of ${parent}: 1 changed file, with`);
    expect(said.stdout.replaceAll(/\s+/g, " ")).toContain("Files that git ignores, empty folders");
  });

  it("goes back with --from: files, memory and nothing of what came later", async () => {
    const first = await afterTurn(1);
    const { said, events } = await resume("--from", String(first), "[[s:back]] Which words?");
    expect(said.stdout).toContain(`Going on from checkpoint ${first} of ${parent}: 1 changed file, with`);
    expect(sessionOf(events)).toBe(session);
    expect(seenBy(events)).toContain("one.txt");
    expect(seenBy(events)).not.toContain("two.txt");
    expect(askedOf("back")).toContain("amaranth");
    expect(askedOf("back")).not.toContain("saffron");
  });

  it("begins a session of its own with --fork, which knows the same", async () => {
    const { id, events } = await resume("--fork", "[[s:fork]] Which words?");
    expect(sessionOf(events)).toMatch(/^[0-9a-f-]{36}$/);
    expect(sessionOf(events)).not.toBe(session);
    for (const word of ["amaranth", "saffron"]) expect(askedOf("fork")).toContain(word);
    const kept = await agency.client.checkpoints(id);
    expect(kept[0]?.sessionId).toBe(sessionOf(events));
    for (const { sessionId } of await agency.client.checkpoints(parent)) expect(sessionId).toBe(session);
  });

  it("has the repositories that the agent made inside, with their commits and what was not committed", async () => {
    const work = `set -e; mkdir lib; cd lib; git init -q -b main; echo a > a.txt; git add a.txt
      git -c user.name=a -c user.email=a@example.invalid commit -qm inside; echo n > new.txt`;
    const task = { prompt: "Work.", engine: "command" };
    const first = await agency.client.createTask({ ...task, command: work });
    expect((await agency.finished(first.id)).task.state, await agency.story(first.id)).toBe("completed");
    const command = "git -C lib log --format=%s; git -C lib status --porcelain";
    const { id } = await agency.client.createTask({ ...task, command, resume: { taskId: first.id } });
    const { events } = await agency.finished(id);
    expect(
      of(events, "log")
        .map(({ data }) => data.text)
        .join(""),
    ).toContain("inside?? new.txt");
    expect(of(events, "restored")[0]?.data.message).toContain(
      "inside the workspace came back with all of theirs: lib.",
    );
  });

  it("says which checkpoints there are when it is told one that is not kept", async () => {
    const said = await laptop.agency("resume", parent, "--from", "999", "Go on.");
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`Checkpoint 999 of task ${parent} is not kept.`);
    expect(said.stderr).toMatch(/Those that are: \d/);
  });
});
