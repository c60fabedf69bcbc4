import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineEvent } from "@agency/core";
import { edit, raw, read, shell, write } from "@agency/scripted-model";
import { endOf, eventsOf } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClaudeStage, play, say } from "../testing/claude-harness.ts";
import type { Scene } from "../testing/claude-harness.ts";

const TAP = "printf '# tests 3\\n# pass 2\\n# fail 1\\n# skipped 0\\n'; exit 1";

const steps = [
  { thinking: "A file first.", text: "I write it.", tools: [write("src/hello.txt", "one\ntwo\n")] },
  { tools: [read("notes.txt")] },
  { tools: [edit("notes.txt", "old", "new\nand more")] },
  { tools: [shell("echo first"), shell("echo second"), raw("NoSuchTool", { a: 1 })] },
  { tools: [shell(TAP)] },
  { tools: [shell("head -c 2600000 /dev/zero | tr '\\0' x")] },
  { tools: [raw("ToolSearch", { query: "select:TaskCreate,TaskUpdate", max_results: 5 })] },
  {
    tools: [
      raw("TaskCreate", { subject: "Plan", description: "Make a plan" }),
      raw("TaskCreate", { subject: "Build", description: "Build it" }),
    ],
  },
  { tools: [raw("TaskUpdate", { taskId: "1", status: "in_progress" })] },
  { tools: [raw("TaskUpdate", { taskId: "1", status: "completed" })] },
  { text: "All done." },
];

/** One run of the real program that uses each kind of tool once. */
describe("the claude engine's tools", () => {
  const stage = createClaudeStage();
  let scene: Scene;
  let events: EngineEvent[];
  const tool = (name: string) => eventsOf(events, "tool_start").filter((call) => call.name === name);
  const result = (id: string | undefined) => eventsOf(events, "tool_end").find((end) => end.id === id);

  beforeAll(async () => {
    scene = await stage.scene({ tools: steps });
    await writeFile(join(scene.cwd, "notes.txt"), "a\nold\nb\n");
    events = await play(scene, say("tools"));
  });
  afterAll(() => stage.clear());

  it("plays the whole script and completes", () => {
    scene.model.assertPlayedOut("tools");
    expect(endOf(events)).toMatchObject({ outcome: "completed", exitCode: 0 });
    expect(eventsOf(events, "turn_end")).toMatchObject([
      { inputIds: ["tools"], stop: "completed", text: "All done.", turns: steps.length },
    ]);
  });

  it("says which program, session and model it is", () => {
    expect(eventsOf(events, "session")).toMatchObject([
      { engine: "claude", sessionId: scene.options.sessionId, model: scene.options.model, resumed: false },
    ]);
  });

  it("streams words under the name of the text that they become", () => {
    const texts = eventsOf(events, "text");
    expect(texts.map(({ text }) => text)).toEqual(["I write it.", "All done."]);
    const deltas = eventsOf(events, "text_delta");
    for (const { messageId, text } of texts)
      expect(
        deltas
          .filter((delta) => delta.messageId === messageId)
          .map((delta) => delta.text)
          .join(""),
      ).toBe(text);
    expect(eventsOf(events, "thinking").map(({ text }) => text)).toEqual(["A file first."]);
  });

  it("tells each file it made or changed, with a diff", async () => {
    expect(await readFile(join(scene.cwd, "notes.txt"), "utf8")).toBe("a\nnew\nand more\nb\n");
    expect(eventsOf(events, "file_change")).toMatchObject([
      { path: "src/hello.txt", op: "create", added: 2, removed: 0 },
      {
        path: "notes.txt",
        op: "modify",
        added: 2,
        removed: 1,
        diff: "--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,4 @@\n a\n-old\n+new\n+and more\n b\n",
      },
    ]);
  });

  it("tells parallel calls apart, and one that no tool answers", () => {
    const [first, second] = tool("Bash");
    expect(result(first?.id)).toMatchObject({ status: "ok", output: "first", exitCode: 0 });
    expect(result(second?.id)).toMatchObject({ status: "ok", output: "second", exitCode: 0 });
    expect(result(tool("NoSuchTool")[0]?.id)).toMatchObject({ status: "error" });
  });

  it("tells a failed command with its code, and the tests that it ran", () => {
    const failed = tool("Bash")[2];
    expect(result(failed?.id)).toMatchObject({ status: "error", exitCode: 1 });
    expect(eventsOf(events, "command").find(({ toolId }) => toolId === failed?.id)).toMatchObject({
      exitCode: 1,
    });
    expect(eventsOf(events, "test_run")).toMatchObject([
      { passed: 2, failed: 1, skipped: 0, toolId: failed?.id },
    ]);
  });

  it("gives the beginning and the real size of a large output", () => {
    const end = result(tool("Bash")[3]?.id);
    expect(end).toMatchObject({ outputBytes: 2_600_000, truncated: true });
    expect(end?.output.length).toBeLessThanOrEqual(64 * 1024);
  });

  it("shows the agent's plan as features and progress", () => {
    expect(
      eventsOf(events, "feature_list")
        .at(-1)
        ?.features.map(({ title }) => title),
    ).toEqual(["Plan", "Build"]);
    expect(eventsOf(events, "feature_start")).toEqual([{ id: "todo-1" }]);
    expect(eventsOf(events, "feature_end")).toEqual([{ id: "todo-1", status: "passed" }]);
    expect(eventsOf(events, "progress").at(-1)).toMatchObject({ done: 1, total: 2 });
  });

  it("counts each response once, and as much as the engine does itself", () => {
    const usage = eventsOf(events, "engine_usage");
    expect(usage).toHaveLength(steps.length);
    const input = usage.reduce((sum, { input }) => sum + input, 0);
    expect(input).toBe(steps.map((_, index) => 1000 + index).reduce((a, b) => a + b, 0));
  });
});
