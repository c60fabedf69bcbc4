import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fault } from "@agency/scripted-model";
import type { Step } from "@agency/scripted-model";
import { endOf, eventsOf } from "@agency/testing";
import { afterEach, describe, expect, it } from "vitest";
import {
  bodies,
  claudeEngine,
  claudeProgram,
  createClaudeStage,
  play,
  say,
} from "../testing/claude-harness.ts";
import { LIMITS } from "../testing/run-folder.ts";

describe("the claude engine in trouble", () => {
  const stage = createClaudeStage();
  afterEach(() => stage.clear());

  const failures: { name: string; step: Step; class: string; status?: number; retries: number }[] = [
    { name: "a refused key", step: { fault: fault.status(401) }, class: "auth", retries: 1 },
    {
      name: "a rate limit",
      step: { fault: fault.status(429, { retryAfterS: 0 }) },
      class: "rate_limit",
      retries: 1,
    },
    { name: "an overloaded model", step: { fault: fault.status(529) }, class: "overloaded", retries: 1 },
    {
      name: "a prompt that is too long",
      step: { fault: fault.status(400, { message: "prompt is too long: 250000 tokens > 200000 maximum" }) },
      class: "context_too_long",
      retries: 0,
    },
  ];

  it.each(failures)(
    "fails on $name after few tries, and says what it was",
    async ({ step, class: errorClass, retries }) => {
      const scene = await stage.scene({ main: [step] }, { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
      const events = await play(scene, say("main"));
      expect(eventsOf(events, "retry")).toHaveLength(retries);
      if (retries > 0)
        expect(eventsOf(events, "retry")).toMatchObject([{ attempt: 1, max: 1, class: errorClass }]);
      expect(eventsOf(events, "error")).toMatchObject([{ class: errorClass, severity: "error" }]);
      expect(eventsOf(events, "turn_end")).toMatchObject([{ inputIds: ["main"], stop: "error" }]);
      expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass });
    },
  );

  it("gets over an overloaded model and a broken stream, and says only what counts", async () => {
    const scene = await stage.scene({
      main: [
        {
          text: "one two three four five six",
          fault: [fault.status(529, { times: 1 }), fault.cutMidStream({ times: 1 })],
        },
      ],
    });
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "retry").map((retry) => retry.class)).toEqual(["overloaded", "network"]);
    expect(eventsOf(events, "text").map(({ text }) => text)).toEqual(["one two three four five six"]);
    expect(eventsOf(events, "turn_end")).toMatchObject([{ turns: 1 }]);
    expect(endOf(events)).toMatchObject({ outcome: "completed" });
  });

  it("goes on with the next input after an error", async () => {
    const scene = await stage.scene({ bad: [{ fault: fault.status(400) }], good: [{ text: "Fine." }] });
    const run = claudeEngine().start(say("bad"), scene.options);
    await run.send(say("good"), "next_turn");
    await run.finish();
    const stops: string[] = [];
    for await (const event of run) if (event.type === "turn_end") stops.push(event.data.stop);
    expect(stops).toEqual(["error", "completed"]);
  });

  it("says that the program is missing", async () => {
    const scene = await stage.scene({ main: [] });
    const missing = claudeEngine({ executable: "/nowhere/claude" });
    expect(await missing.probe()).toMatchObject({
      version: null,
      problems: [expect.stringContaining("/nowhere/claude")],
    });
    const events = await play(scene, say("main"), missing);
    expect(events.map(({ type }) => type)).toEqual(["error", "end"]);
    expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass: "config" });
  });

  it("quotes the last words of a program that breaks down", async () => {
    const scene = await stage.scene({ main: [] });
    const broken = join(scene.home, "broken");
    await writeFile(broken, "#!/bin/sh\necho 'out of luck' >&2\nexit 9\n", { mode: 0o755 });
    const events = await play(scene, say("main"), claudeEngine({ executable: broken }));
    expect(eventsOf(events, "error")).toMatchObject([
      { class: "engine_crash", message: expect.stringContaining("out of luck") },
    ]);
    expect(endOf(events)).toMatchObject({ outcome: "failed", exitCode: 9 });
  });

  it("says why the program could not be started", async () => {
    const scene = await stage.scene({ main: [] });
    const garbage = join(scene.home, "garbage");
    await writeFile(garbage, "#!/nowhere/sh\n", { mode: 0o755 });
    const events = await play(scene, say("main"), claudeEngine({ executable: garbage }));
    expect(events.map(({ type }) => type)).toEqual(["error", "end"]);
    expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass: "config" });
    const withNul = { ...scene.options, env: { ...scene.options.env, BAD: "a\0b" } };
    expect(endOf(await play({ ...scene, options: withNul }, say("main")))).toMatchObject({
      errorClass: "config",
    });
    const noHome = { ...scene.options, home: join(garbage, "home") };
    expect(endOf(await play({ ...scene, options: noHome }, say("main")))).toMatchObject({
      errorClass: "config",
    });
  });

  it("starts nothing without a model, money or turns", async () => {
    const scene = await stage.scene({ main: [] });
    const offline = { ...scene.options, modelApis: {} };
    expect(endOf(await play({ ...scene, options: offline }, say("main")))).toMatchObject({
      errorClass: "config",
    });
    const broke = { ...scene.options, limits: { ...LIMITS, costUsd: 0 } };
    expect(endOf(await play({ ...scene, options: broke }, say("main")))).toMatchObject({
      outcome: "limit",
      limit: "cost",
    });
    const turnless = { ...scene.options, limits: { ...LIMITS, turns: 0 } };
    expect(endOf(await play({ ...scene, options: turnless }, say("main")))).toMatchObject({
      outcome: "limit",
      limit: "turns",
    });
  });

  it("resumes no session that is a path, missing or too large", async () => {
    const scene = await stage.scene({ main: [{ text: "Done." }] });
    await play(scene, say("main"));
    const { sessionId = "", ...options } = scene.options;
    const resume = (id: string) => ({ ...scene, options: { ...options, resume: { sessionId: id } } });
    for (const id of ["/etc/passwd", "../x", "00000000-0000-4000-8000-000000000000"])
      expect(endOf(await play(resume(id), say("main")))).toMatchObject({ errorClass: "resume_not_found" });
    const small = claudeEngine({ maxSessionBytes: 100 });
    expect(endOf(await play(resume(sessionId), say("main"), small))).toMatchObject({ errorClass: "config" });
  });

  it("reads the repository's instructions and runs none of its hooks", async () => {
    const scene = await stage.scene({ main: [{ text: "Done." }] }, { systemAppend: "Mind the house rules." });
    const hook = { hooks: [{ type: "command", command: `touch ${join(scene.cwd, "hooked")}` }] };
    await mkdir(join(scene.cwd, ".claude"));
    const settings = {
      hooks: { SessionStart: [hook], UserPromptSubmit: [hook], Stop: [hook] },
      env: { LEAKED: "1" },
    };
    await writeFile(join(scene.cwd, ".claude", "settings.json"), JSON.stringify(settings));
    await writeFile(join(scene.cwd, "AGENTS.md"), "Always use tabs in makefiles.");
    await play(scene, { id: "main", text: "/compact [[s:main]]" });
    const sent = bodies(scene);
    expect(sent).toContain("Always use tabs in makefiles.");
    expect(sent).toContain("Mind the house rules.");
    // The prompt went to the model as text; it was not taken as a command of the engine.
    expect(sent).toContain("/compact ");
    await expect(readFile(join(scene.cwd, "hooked"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is the version that its SDK was made for", async () => {
    const manifest = new URL(import.meta.resolve("@anthropic-ai/claude-agent-sdk")).pathname.replace(
      /[^/]+$/u,
      "manifest.json",
    );
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    expect(await claudeEngine().probe()).toEqual({ version, problems: [] });
    expect(claudeProgram()).toContain("claude-agent-sdk-");
  });
});
