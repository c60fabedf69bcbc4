import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { peakMemoryOf } from "./support/memory.ts";

let agency: Agency;

beforeAll(async () => {
  agency = await Agency.start();
});
afterAll(() => agency?.[Symbol.asyncDispose]());

const run = (command: string, more: object = {}) =>
  agency.client.createTask({ prompt: "Do it.", engine: "command", command, ...more });

describe("any program as an engine", () => {
  it("takes part with typed events, logs and a result", async () => {
    const { id } = await run(
      `echo plain; echo '::agency::{"type":"progress","data":{"done":1,"total":2}}'; echo done > made.txt; echo bad >&2`,
    );
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({
      state: "completed",
      result: { files: 1, added: 1 },
    });
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining(["progress", "log", "file_change", "delivery"]),
    );
  });

  it("gets the prompt, and never the runner's token", async () => {
    const { id } = await run(
      `printf %s "$AGENCY_PROMPT" > seen.txt; cat "$AGENCY_PROMPT_FILE" >> seen.txt; cat seen.txt; env`,
    );
    const { events } = await agency.finished(id);
    const text = JSON.stringify(events);
    expect(text).toContain("Do it.Do it.");
    expect(text).not.toMatch(/ag[bu]_[0-9a-f]{8}-/);
  });

  it("fails the task with its exit code when it fails", async () => {
    const { id } = await run("echo about to fail; exit 3");
    const { task, events } = await agency.finished(id);
    expect(task).toMatchObject({ state: "failed", reason: "engine_error" });
    expect(JSON.stringify(events.filter((event) => event.type === "error"))).toContain("3");
  });

  it("may emit 100,000 events and a line of 10 MB: no gap, and the runner stays under 150 MB", async () => {
    const flood = `
      const line = '::agency::' + JSON.stringify({ type: "notice", data: { level: "info", text: "x".repeat(80) } }) + "\\n";
      const write = (text) => new Promise((ok) => process.stdout.write(text, ok));
      for (let i = 0; i < 100; i += 1) await write(line.repeat(1000));
      await write("y".repeat(10 * 1024 * 1024) + "\\n");
      await write("the end\\n");`;
    const { id } = await run(`cat > flood.mjs <<'END'\n${flood}\nEND\nnode flood.mjs; rm flood.mjs`);
    const memory = peakMemoryOf("/opt/agency/runner.mjs");
    let last = 0;
    let notices = 0;
    let ended = false;
    for await (const event of agency.client.events(id)) {
      expect(event.seq).toBe(last + 1);
      last = event.seq;
      if (event.type === "notice") notices += 1;
      if (event.type === "log" && event.data.text.includes("the end")) ended = true;
    }
    const peak = memory.stop();
    expect((await agency.client.getTask(id)).state, await agency.story(id)).toBe("completed");
    expect(notices).toBe(100_000);
    expect(ended).toBe(true);
    expect(peak.seen).toBe(true);
    expect(peak.mib).toBeLessThan(150);
  }, 240_000);

  it("is ended by the runner at its time limit", async () => {
    const { id } = await run("tail -f /dev/null", { limits: { wallMs: 1500 } });
    const { task } = await agency.finished(id);
    expect(task).toMatchObject({ state: "failed", reason: "timeout" });
  });

  it("leaves no process behind, whatever it started", async () => {
    const marker = `orphan-${Math.random().toString(36).slice(2)}`;
    const { id } = await run(
      `(setsid nohup sh -c 'exec -a ${marker} tail -f /dev/null' >/dev/null 2>&1 &) ; sleep 0.1`,
    );
    await agency.finished(id);
    const { processesWith } = await import("./support/processes.ts");
    expect(processesWith(marker)).toEqual([]);
  });

  it("starts from a repository's files when it is given one that cannot be read, it says why", async () => {
    const { id } = await run("ls", { repository: { url: "https://127.0.0.1:1/nobody/nothing.git" } });
    const { task, events } = await agency.finished(id);
    expect(task).toMatchObject({ state: "failed", reason: "setup_failed" });
    expect(JSON.stringify(events)).toContain("internal network");
  });
});
