import { describe, expect, it } from "vitest";
import { aResult, aTask, NOW, taskId } from "../testing/builders.ts";
import { liveLine } from "./live-line.ts";
import { createStyle } from "./style.ts";
import { renderTaskEnd, renderTaskStart } from "./task-frame.ts";
import { renderTaskPage } from "./task-page.ts";
import { renderTaskTable } from "./task-table.ts";
import { shortIds } from "./task-words.ts";
import { columns } from "./text.ts";

const look = (width: number) => ({ style: createStyle(false), width });
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const done = aTask({
  id: taskId(2),
  name: "日本語の名前を持つとても長いタスクは切り捨てられます",
  state: "completed",
  costUsd: 0.4211,
  createdAt: ago(7_200_000),
  startedAt: ago(7_190_000),
  finishedAt: ago(7_000_000),
  engine: "command",
});

describe("the table of tasks", () => {
  const tasks = [aTask({ id: taskId(3), state: "queued", startedAt: null }), done, aTask({ id: taskId(1) })];

  it("has the columns a person scans for", () => {
    expect(renderTaskTable(tasks, look(90), NOW)).toEqual([
      "STATE      AGE  TIME    COST   ENGINE   ID             NAME",
      "queued     1m   -       -      claude   019ca9b1-0003  fix the flaky test",
      "completed  2h   3m 10s  $0.42  command  019ca9b1-0002  日本語の名前を持つとても長いタスク…",
      "running    1m   1m 12s  -      claude   019ca9b1-0001  fix the flaky test",
    ]);
  });

  it.each([60, 72, 120])("fits %i columns", (width) => {
    for (const line of renderTaskTable(tasks, look(width), NOW))
      expect(columns(line)).toBeLessThanOrEqual(Math.max(width, 67));
  });

  it("shows of each id as much as tells it from its neighbours, and eight characters at least", () => {
    expect([...shortIds(["019ca9b1-0001-7a", "019ca9b1-0001-7b", "5fffffff-0000-70"]).values()]).toEqual([
      "019ca9b1-0001-7a",
      "019ca9b1-0001-7b",
      "5fffffff",
    ]);
  });
});

describe("the page of a task", () => {
  it("shows everything of a finished one", async () => {
    const task = {
      ...done,
      model: "claude-x",
      repository: { url: "https://github.com/owner/name", branch: "main" },
      labels: { team: "web", kind: "bug" },
      priority: 5,
      attempt: 2,
      lastSeq: 412,
      lastEventAt: ago(7_000_000),
      usage: { input: 12_345, output: 678, cacheRead: 1_000_000, cacheWrite: 0, calls: 12 },
      prompt: Array.from({ length: 25 }, (_, index) => `line ${index + 1}`).join("\n"),
      result: aResult({
        summary: "All good.\n\nThanks.",
        workspace: "/var/lib/agency/x",
        files: 2,
        added: 3,
        removed: 0,
        commit: "4f2a9c01d3e5b7a9c0f1e2d3c4b5a69788776655",
        commits: ["4f2a9c01d3e5b7a9c0f1e2d3c4b5a69788776655"],
        branch: "agency/019ca9b1/fix",
        pullRequest: { number: 7, url: "https://github.com/owner/name/pull/7" },
        checks: [
          { command: "npm test", passed: true, exitCode: 0, durationMs: 1200 },
          { command: "npm run lint", passed: false, exitCode: 1, durationMs: 800 },
        ],
      }),
      resumedFrom: { taskId: taskId(9), checkpoint: 3 },
      parentId: taskId(9),
    };
    await expect(`${renderTaskPage(task, look(80), NOW).join("\n")}\n`).toMatchFileSnapshot(
      "goldens/page-finished.txt",
    );
  });

  it("says of a running one what it does and of a failed one why", () => {
    const running = aTask({ activity: "Running npm test", cancelRequested: true });
    expect(renderTaskPage(running, look(80), NOW)).toContain("  Now        Running npm test · stopping");
    const failed = aTask({ state: "failed", message: "No sandbox could be made. Run `agency doctor`." });
    expect(renderTaskPage(failed, look(80), NOW).slice(0, 2)).toEqual([
      "fix the flaky test  failed",
      "  No sandbox could be made. Run `agency doctor`.",
    ]);
  });
});

describe("the frame around a run", () => {
  it("begins with the task and its limits", () => {
    expect(renderTaskStart(aTask({ demo: true }), look(200))).toEqual([
      "fix the flaky test",
      "019ca9b1-0001-7000-8000-00000000000a · claude · scripted model (demo) · local · up to 4h and $10.00",
      "",
    ]);
  });

  it("ends with what changed, where it is and how to see it again", () => {
    const result = aResult({ workspace: "/srv/x", files: 1, added: 2, removed: 3 });
    const task = aTask({ state: "completed", result });
    const shown = { lastText: "", listedChanges: false };
    expect(renderTaskEnd(task, look(80), shown)).toEqual([
      "",
      "  Done.",
      "  Changed  1 file · +2 −3",
      "  Files    /srv/x",
      `  Again    agency show ${task.id}`,
    ]);
    expect(renderTaskEnd(task, look(80), { ...shown, lastText: "Done." })).not.toContain("  Done.");
    expect(renderTaskEnd(task, look(80), { ...shown, listedChanges: true }).join()).not.toContain("Changed");
    const idle = aTask({
      state: "failed",
      result: { ...result, summary: "", files: 0, added: 0, removed: 0 },
    });
    expect(renderTaskEnd(idle, look(80), shown)[0]).toBe("  Changed  nothing");
    const kept = aTask({ sandbox: { keptUntil: "2026-01-01T02:00:00.000Z" } });
    expect(renderTaskEnd(kept, look(80), shown)).toEqual([
      `  Sandbox  kept until 2026-01-01T02:00:00.000Z: agency shell ${task.id}`,
      `  Again    agency show ${task.id}`,
    ]);
    expect(renderTaskEnd(aTask(), look(80), shown)).toEqual([`  Again    agency show ${task.id}`]);
  });

  it("says in one line what was to be delivered and is not there, and the ways on", () => {
    const undelivered = "No branch: Pushing to agency/t/x failed:\n\u001b[31mdeclined.";
    const task = aTask({ state: "completed", result: aResult({ undelivered }) });
    const line = `No branch: Pushing to agency/t/x failed: declined. Bring the work here: \`agency apply ${task.id}\`; or have it tried again: \`agency resume ${task.id} "go on"\`.`;
    expect(renderTaskEnd(task, look(80), null)).toContain(`  Missing  ${line}`);
    expect(renderTaskPage(task, look(80), NOW)).toContain(`  Missing    ${line}`);
  });
});

it("the live line never wraps", () => {
  const live = {
    elapsedMs: 72_300,
    costUsd: 0.08,
    budgetUsd: 10,
    activity: "Running a very long command with many words",
  };
  expect(liveLine(look(80), live)).toBe(
    "⠸ 1m 12s · $0.08 of $10.00 · Running a very long command with many words",
  );
  for (const width of [20, 40, 60]) expect(columns(liveLine(look(width), live))).toBeLessThan(width);
});
