import type { TaskEvent } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { eventLog, NOW, taskId } from "../testing/builders.ts";
import { story } from "../testing/story.ts";
import { createEventView } from "./event-view.ts";
import { createStyle } from "./style.ts";
import { columns } from "./text.ts";

const START = { taskId: taskId(1), startedAtMs: null, costUsd: 0, budgetUsd: 10 };

function render(events: TaskEvent[], { width = 80, colored = false } = {}): string[] {
  const view = createEventView(
    { style: createStyle(colored), width },
    { ...START, startedAtMs: NOW - 72_000 },
  );
  return events.flatMap((event) => view.lines(event));
}

describe("the events of a run as lines", () => {
  it("tell the whole story on a terminal of 80 columns", async () => {
    await expect(`${render(story()).join("\n")}\n`).toMatchFileSnapshot("goldens/story-80.txt");
  });

  it("fit a terminal of 40 columns", async () => {
    const lines = render(story(), { width: 40 });
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("goldens/story-40.txt");
    // A command to copy stays in one piece.
    expect(lines.filter((line) => columns(line) > 40 && !/^ +agency /.test(line))).toEqual([]);
  });

  it("are neither wrapped nor cut for a program", async () => {
    await expect(`${render(story(), { width: Infinity }).join("\n")}\n`).toMatchFileSnapshot(
      "goldens/story-pipe.txt",
    );
  });

  it("carry colours only where they are wanted", () => {
    const escape = /\u001b\[/;
    expect(render(story()).join("\n")).not.toMatch(escape);
    const colored = render(story(), { colored: true });
    expect(colored.find((line) => line.includes("exit 1"))).toBe(
      "  \u001b[31m$      \u001b[39mnpm test  \u001b[2mexit 1 · 2.3s\u001b[22m",
    );
    expect(colored.join("\n").replace(/\u001b\[\d+m/g, "")).toBe(render(story()).join("\n"));
  });

  it("name the command that ends this very wait", () => {
    const at = eventLog();
    const wait = (message: string) =>
      render([at("status", { state: "waiting", reason: "budget", message })]).at(-1);
    expect(wait("Spent $1. `agency limits 7 --tree-budget +5` lets it go on.")).toBe(
      "         agency limits 7 --tree-budget +5",
    );
    const asked = at("status", {
      state: "waiting",
      reason: "needs_input",
      message: "Run `agency rm --all`?",
    });
    expect(render([asked]).join(" ")).not.toContain("agency rm");
    expect(wait("Computing time used up what was left.")).toBe(`         agency budget ${taskId(1)} +5`);
  });

  it("tell a credential that was refused from one that is used up", () => {
    const at = eventLog();
    const names = { vendor: "anthropic", credential: "KEY_1", next: "KEY_2" };
    const refused = at("credential", { ...names, limitedUntil: null });
    expect(render([refused]).join(" ")).toContain("KEY_1 was refused by anthropic. Going on with KEY_2.");
    const used = at("credential", { ...names, limitedUntil: new Date(NOW).toISOString() });
    expect(render([used]).join(" ")).toContain("KEY_1 reached its usage limit. Going on with KEY_2.");
  });

  it("show a command once, whichever of its two events comes first", () => {
    const at = eventLog();
    const start = at("tool_start", { id: "t", name: "Bash", kind: "execute", input: { command: "ls" } });
    const end = at("tool_end", {
      id: "t",
      status: "ok",
      output: "a",
      outputBytes: 1,
      truncated: false,
      exitCode: 0,
    });
    const command = at("command", { command: "ls", exitCode: 0, toolId: "t" });
    expect(render([start, end, command])).toEqual(["  $      ls  exit 0", "         a"]);
    expect(render([start, command, end])).toEqual(["  $      ls  exit 0", "         a"]);
  });

  it("say once why a step failed, whole, in a pipe and in a narrow window", () => {
    const at = eventLog();
    const message = `Cloning https://git.example.com/a/b failed: ${"fatal: nobody there. ".repeat(9).trim()}`;
    const error = { class: "config", severity: "fatal", message, retryable: false } as const;
    const failed = [
      at("phase", { name: "workspace", status: "failed", message, durationMs: 100 }),
      at("error", { ...error, recovery: "Look at the address." }),
      at("error", { ...error, message: "Another one." }),
    ];
    expect(render(failed, { width: Infinity })).toEqual([
      `  failed workspace · ${message} · 0.1s`,
      "         Look at the address.",
      "  error  Another one.",
    ]);
    const narrow = render(failed, { width: 40 }).join(" ").replaceAll(/\s+/g, " ");
    expect(narrow.match(/nobody there/g)).toHaveLength(9);
  });

  it("shorten long output to its end, and say so", () => {
    const at = eventLog();
    const output = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`).join("\n");
    const lines = render([
      at("tool_start", { id: "t", name: "Bash", kind: "execute", input: { command: "seq" } }),
      at("tool_end", { id: "t", status: "error", output, outputBytes: 200, truncated: false, exitCode: 2 }),
    ]);
    expect(lines).toHaveLength(12);
    expect(lines.slice(0, 3)).toEqual([
      "  $      seq  exit 2",
      "         … 20 lines before",
      "         line 21",
    ]);
  });

  it.each([
    [
      "failed",
      { state: "failed", reason: "timeout" } as const,
      [
        "✗ Failed  1s",
        "  The run reached its time limit and was stopped.",
        `  Go on with more time: \`agency resume ${taskId(1)} --timeout 8h "go on"\`.`,
      ],
    ],
    [
      "cancelled",
      { state: "cancelled", reason: "cancelled_by_user" } as const,
      [
        "■ Stopped  1s",
        "  You stopped the run.",
        "  Go on from what it kept with `agency resume`, or start it again.",
      ],
    ],
    [
      "failed for a reason of its own",
      { state: "failed", message: "The engine is gone." } as const,
      ["✗ Failed  1s", "  The engine is gone."],
    ],
  ])("end a run that %s with what happened and what to do", (_, status, lines) => {
    expect(render([eventLog()("status", status)])).toEqual(lines);
  });

  it("count all changes of a run though only the first of them are events", () => {
    const at = eventLog();
    const changed = Array.from({ length: 21 }, (_, index) =>
      at("file_change", { path: `f${index}`, op: "create", added: 1, removed: 0, source: "workspace_diff" }),
    );
    const counts = { files: 20_000, added: 70_000, removed: 5 };
    const delivered = at("delivery", { kind: "workspace", location: "/workspace", ...counts });
    const lines = render([...changed, delivered, at("status", { state: "completed" })]);
    expect(lines).toContain("20000 files changed · +70000 −5");
    expect(lines).toContain("  … and 19980 more");
  });
});

const PUSH = { action: "push", verdict: "allowed", bytesIn: 0, bytesOut: 0 } as const;
const DENIED = {
  port: 80,
  via: "http",
  verdict: "denied",
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 0,
  count: 1,
} as const;

describe("an agent that wants to take over the terminal", () => {
  const evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp.exe\rHIDDEN\u0000\u0008x";
  const at = eventLog();
  const events: TaskEvent[] = [
    at("text", { messageId: "m", text: evil }),
    at("phase", { name: evil, status: "failed", message: evil }),
    at("session", { engine: evil, engineVersion: evil, sessionId: "s", model: evil, resumed: false }),
    at("tool_start", { id: "t", name: evil, kind: "other", title: evil, input: {} }),
    at("tool_end", { id: "t", status: "error", output: evil, outputBytes: 1, truncated: false }),
    at("file_change", { path: evil, op: "modify", source: "engine" }),
    at("file_change", { path: evil, op: "modify", source: "workspace_diff" }),
    at("command", { command: evil, exitCode: 1 }),
    at("error", { class: "unknown", severity: "fatal", message: evil, retryable: false, recovery: evil }),
    at("ask", {
      ask: {
        id: evil,
        kind: "question",
        questions: [{ text: evil, choices: [{ label: evil, description: evil }], multiple: true }],
      },
    }),
    at("ask", { ask: { id: evil, kind: "approval", tool: evil, title: evil, input: evil } }),
    at("answer", { askId: evil, answer: { kind: "question", answers: [[evil]] }, by: evil }),
    at("answer", { askId: evil, answer: { kind: "approval", allow: false, reason: evil }, by: evil }),
    at("credential", { vendor: evil, credential: evil, limitedUntil: null, next: evil }),
    at("network", { ...DENIED, host: evil, reason: evil }),
    at("git", { ...PUSH, host: evil, repository: evil, refs: [evil], reason: evil }),
    at("git", { ...PUSH, host: evil, repository: evil, refs: [evil], verdict: "denied", reason: evil }),
    at("status", { state: "waiting", reason: "budget", message: evil }),
    at("feature_list", { features: [{ id: "f", title: evil, status: "open" }] }),
    at("feature_start", { id: "f" }),
    at("subtask", { id: "s", status: "started", what: "bash", summary: evil }),
    at("log", { stream: "stdout", text: evil }),
    at("notice", { level: "info", text: evil }),
    at("artifact", { name: evil, bytes: 1 }),
    at("checkpoint", { id: "c", label: evil }),
    at("restored", { taskId: evil, checkpoint: 1, files: 1, session: "lost", message: evil }),
    at("check", { command: evil, passed: false, exitCode: 1, durationMs: 1, output: evil }),
    at("delivery", { kind: "files", location: evil }),
    at("message", { id: "m", text: evil, mode: "steer" }),
    at("status", { state: "failed", message: evil }),
  ];

  it.each(events.map((event) => [event.type, event] as const))("cannot do it with %s", (_, event) => {
    const lines = [...render(events.slice(0, 4)), ...render([event])].join("\n");
    expect(lines).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  });

  it("cannot do it with what is shown as going on", () => {
    const view = createEventView({ style: createStyle(false), width: 80 }, START);
    const said = [
      at("activity", { state: "tool", note: evil }),
      at("tool_start", { id: "u", name: evil, kind: "read", input: { path: evil } }),
      at("phase", { name: evil, status: "started" }),
      at("progress", { done: 1, total: 2, message: evil }),
      at("feature_progress", { id: evil, message: evil }),
    ].map((event) => {
      view.lines(event);
      return view.activity;
    });
    for (const activity of said) expect(activity).toMatch(/^[^\x00-\x1f\x7f-\x9f\u202a-\u202e]+$/);
  });
});
