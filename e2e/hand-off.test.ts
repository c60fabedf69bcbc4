import { randomUUID } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createScriptedModel, shell } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { Agency } from "./support/agency.ts";
import { FORGE_TOKEN, startForge } from "./support/forge.ts";
import type { Forge } from "./support/forge.ts";
import { Laptop } from "./support/laptop.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-HAND";
const MODEL = "claude-sonnet-4-5";
const REPO = "owner/name";

let forge: Forge;
let model: ScriptedModel;
let modelUrl: string;
let closeModel: () => Promise<void>;
let agency: Agency;
let laptop: Laptop;

beforeAll(async () => {
  forge = await startForge();
  await forge.add(REPO, {
    "a.txt": "one\ntwo\nthree\n",
    ".gitignore": "ignored\n",
    "gone.txt": "soon deleted\n",
    "old name.txt": "a name that changes\n".repeat(20),
    "run.sh": "#!/bin/sh\n",
    "picture.bin": "soon binary",
  });
  model = createScriptedModel({
    apiKey: KEY,
    keepBodies: true,
    scripts: {
      local: { steps: [{ tools: [shell("echo the word is amaranth")] }, { text: "Learnt on the laptop." }] },
      remote: {
        steps: [
          {
            tools: [
              shell(
                "cat new.txt; ls -l run.sh; od -An -tx1 picture.bin; git status --short; git log --format=%s; sed -i 's/two by me/two by both/' a.txt; echo more >> new.txt; printf '\\002\\000\\003' > picture.bin",
              ),
            ],
          },
          { text: "Done in the sandbox, with saffron." },
        ],
      },
      after: { steps: [{ text: "I know both." }] },
      alone: { steps: [{ tools: [shell("ls -a; echo seen >> b/c.txt")] }, { text: "Seen." }] },
    },
  });
  const listening = await model.listen();
  modelUrl = listening.url;
  closeModel = () => listening.close();
  agency = await Agency.start({
    env: { ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: KEY, AGENCY_INTERNAL_HOSTS: forge.host },
  });
  await agency.client.setSecret(`GIT_TOKEN@${forge.host}`, { value: FORGE_TOKEN });
});

beforeEach(async () => {
  laptop = await Laptop.start(agency, { url: modelUrl, key: KEY });
});

afterEach(async () => {
  await laptop[Symbol.asyncDispose]();
  model.assertClean();
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
  await forge?.[Symbol.asyncDispose]();
});

/** A clone with a commit of its own, a changed, a new and an ignored file, and a session of Claude. */
async function atWork(): Promise<string> {
  const address = `${forge.origin}/${REPO}.git`;
  await laptop.git("clone", "--quiet", address.replace("://", `://${FORGE_TOKEN}@`), ".");
  await laptop.git("remote", "set-url", "origin", address);
  await writeFile(laptop.path("b.txt"), "committed here\n");
  await laptop.git("add", "b.txt");
  await laptop.git("commit", "--quiet", "-m", "Only on the laptop");
  await writeFile(laptop.path("a.txt"), "one\ntwo by me\nthree\n");
  await writeFile(laptop.path("new.txt"), "not added\n");
  await writeFile(laptop.path("ignored"), "stays here\n");
  await rm(laptop.path("gone.txt"));
  await laptop.git("mv", "old name.txt", "new name.txt");
  await chmod(laptop.path("run.sh"), 0o755);
  await writeFile(laptop.path("picture.bin"), Buffer.from([1, 0, 255]));
  const sessionId = randomUUID();
  const asked = ["-p", "[[s:local]] Learn the word.", "--session-id", sessionId, "--model", MODEL];
  const ran = await laptop.claude(...asked, "--dangerously-skip-permissions");
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  return sessionId;
}

/** All that must be as it was: index, refs, objects and files. */
async function stateOfRepository() {
  return {
    index: (await readFile(laptop.path(".git/index"))).toString("base64"),
    refs: await laptop.git("for-each-ref"),
    status: await laptop.git("--no-optional-locks", "status", "--porcelain", "--ignored"),
    objects: (await readdir(laptop.path(".git/objects"), { recursive: true })).toSorted(),
  };
}

const asksOf = (script: string) =>
  model.requests.filter((request) => request.script === script).map(({ body }) => JSON.stringify(body));

async function newest(): Promise<string> {
  const { tasks } = await agency.client.listTasks({ limit: 1 });
  return tasks[0]?.id ?? "";
}

describe("a session that is handed over and taken back", () => {
  it("goes on in a sandbox with files and memory, and then here with those of the sandbox", async () => {
    const sessionId = await atWork();
    const before = await stateOfRepository();
    const pushed = await laptop.agency("push-session", "-m", MODEL, "[[s:remote]] Go on.");
    const id = await newest();
    expect(pushed, `${pushed.stdout}${pushed.stderr}\n${await agency.story(id)}`).toMatchObject({ code: 0 });
    expect(pushed.stderr).toContain("7 uncommitted files");
    expect(pushed.stderr).toContain(`Session ${sessionId} goes along`);
    expect(await stateOfRepository()).toEqual(before);

    const { events, task } = await agency.finished(id);
    expect(task).toMatchObject({ state: "completed", result: { files: 3 } });
    const restored = events.find(({ type }) => type === "restored");
    expect(restored?.data).toMatchObject({ checkpoint: 0, session: "restored", files: 8 });
    const seen = events.flatMap((event) => (event.type === "tool_end" ? [event.data.output] : [])).join("\n");
    for (const part of [
      "not added",
      " M a.txt",
      "?? new.txt",
      " D gone.txt",
      "-rwx",
      "01 00 ff",
      "new name.txt",
      "Only on the laptop",
    ])
      expect(seen).toContain(part);
    expect(asksOf("remote").at(-1)).toContain("the word is amaranth");

    await writeFile(laptop.path("a.txt"), "one\ntwo by somebody else\nthree\n");
    const refused = await laptop.agency("apply", id, "--session");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("a.txt");
    expect(await readFile(laptop.path("a.txt"), "utf8")).toBe("one\ntwo by somebody else\nthree\n");

    // Elsewhere in the file: both changes are there in the end, but nobody's file changes unasked.
    await writeFile(laptop.path("a.txt"), "one\ntwo by me\nthree\n");
    await writeFile(laptop.path("new.txt"), "mine before it\nnot added\n");
    const dirty = await laptop.agency("apply", id);
    expect(dirty.code).toBe(1);
    expect(dirty.stderr).toMatch(/changes of your own in 1 file[^]*new\.txt/);
    expect(await readFile(laptop.path("new.txt"), "utf8")).toBe("mine before it\nnot added\n");
    await writeFile(laptop.path("new.txt"), "not added\n");
    const transcript = laptop.transcript(sessionId);
    const local = await readFile(transcript, "utf8");
    const applied = await laptop.agency("apply", id, "--session");
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain(`claude --resume ${sessionId}`);
    expect(await readFile(laptop.path("a.txt"), "utf8")).toBe("one\ntwo by both\nthree\n");
    expect(await readFile(laptop.path("new.txt"), "utf8")).toBe("not added\nmore\n");
    expect(await readFile(laptop.path("picture.bin"))).toEqual(Buffer.from([2, 0, 3]));
    expect((await stat(laptop.path("run.sh"))).mode & 0o111).toBe(0o111);
    expect(await readdir(laptop.folder)).not.toContain("gone.txt");
    expect(await readdir(laptop.folder)).toContain("new name.txt");
    const imported = await readFile(transcript, "utf8");
    expect(imported.startsWith(local)).toBe(true);
    expect(imported.slice(local.length)).not.toContain(`"cwd":"/workspace`);
    expect(imported.slice(local.length)).not.toContain("permissionMode");

    const resumed = await laptop.claude(
      "--resume",
      sessionId,
      "-p",
      "[[s:after]] Which words?",
      "--model",
      MODEL,
    );
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    const last = asksOf("after").at(-1) ?? "";
    for (const part of ["the word is amaranth", "with saffron", "Learnt on the laptop"])
      expect(last).toContain(part);
  });

  it("needs neither a repository nor a session", async () => {
    await mkdir(laptop.path("b"));
    await writeFile(laptop.path("b/c.txt"), "here\n");
    await writeFile(laptop.path("big.log"), "x\n");
    await writeFile(laptop.path(".agencyignore"), "*.log\n");
    await writeFile(laptop.path(".env"), "TOKEN=1\n");
    const refused = await laptop.agency("push-session", "-m", MODEL, "[[s:alone]] Look.");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(".env");
    const pushed = await laptop.agency("push-session", "--include", ".env", "-m", MODEL, "[[s:alone]] Look.");
    const id = await newest();
    expect(pushed, `${pushed.stdout}${pushed.stderr}\n${await agency.story(id)}`).toMatchObject({ code: 0 });
    expect(pushed.stderr).toContain("No session goes along");
    const { events, task } = await agency.finished(id);
    expect(task).toMatchObject({ state: "completed", result: { files: 1 } });
    const seen = events.flatMap((event) => (event.type === "tool_end" ? [event.data.output] : [])).join("\n");
    expect(seen).toContain(".agencyignore");
    expect(seen).not.toContain("big.log");
    const applied = await laptop.agency("apply", id, "--force");
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(await readFile(laptop.path("b/c.txt"), "utf8")).toBe("here\nseen\n");
  });

  it("comes back as changes to what was sent from a task that went on from the first one, too", async () => {
    await laptop.git("init", "--quiet", ".");
    await writeFile(laptop.path("c.txt"), "committed\n");
    await laptop.git("add", "c.txt");
    await laptop.git("commit", "--quiet", "-m", "Base");
    await mkdir(laptop.path("b"));
    await writeFile(laptop.path("b/c.txt"), "not committed\n");
    const pushed = await laptop.agency("push-session", "-m", MODEL, "[[s:alone]] Look.");
    const first = await newest();
    expect(pushed, `${pushed.stderr}\n${await agency.story(first)}`).toMatchObject({ code: 0 });
    const resumed = await laptop.agency("resume", first, "[[s:alone]] Once more.");
    const second = await newest();
    expect(resumed, `${resumed.stderr}\n${await agency.story(second)}`).toMatchObject({ code: 0 });
    const applied = await laptop.agency("apply", second);
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain("nothing is staged");
    expect(await readFile(laptop.path("b/c.txt"), "utf8")).toBe("not committed\nseen\nseen\n");
    expect(await laptop.git("diff", "--cached", "--name-only")).toBe("");
  }, 60_000);
});
