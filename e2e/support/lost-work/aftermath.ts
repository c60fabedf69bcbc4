import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskEvent } from "@agency/contract";
import { expect } from "vitest";
import { git } from "../git-repository.ts";
import type { Stage } from "./stage.ts";
import type { Standing } from "./standing.ts";
import { FILES } from "./story.ts";

const of = <T extends TaskEvent["type"]>(events: readonly TaskEvent[], type: T) =>
  events.filter((event): event is TaskEvent & { type: T } => event.type === type);

const ENDS: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/** What every log must be: numbered without a gap, with one end, which comes last. */
function expectWhole(events: readonly TaskEvent[], story: string): void {
  expect(
    events.map(({ seq }) => seq),
    story,
  ).toEqual(events.map((_, index) => index + 1));
  const ends = events.filter((event) => event.type === "status" && ENDS.has(event.data.state));
  expect(
    ends.map(({ seq }) => seq),
    story,
  ).toEqual([events.length]);
}

/** The sandbox is gone: what the finished turns left is there for the next task, in files and in memory. */
export async function expectKept(stage: Stage, standing: Standing): Promise<void> {
  const { taskId, point } = standing;
  const { agency } = stage;
  if (point.place.at === "start") return expectRetried(stage, standing);
  const { task, events } = await agency.finished(taskId);
  await standing.open();
  const story = await agency.story(taskId);
  expect(task, story).toMatchObject({ state: "failed", reason: "sandbox_lost", attempt: 1 });
  expectWhole(events, story);
  const checkpoints = await agency.client.checkpoints(taskId);
  if (checkpoints.length === 0 && point.resumed !== true) {
    expect(point.kept, story).toBe(0);
    const refused = agency.client.createTask({ prompt: "Go on.", resume: { taskId } });
    return expect(refused).rejects.toThrow(/Nothing of task .* was kept/);
  }
  await expectRemembered(stage, standing);
}

/** Nothing had begun that could be done twice. */
async function expectRetried(stage: Stage, { taskId }: Standing): Promise<void> {
  const { task, events } = await stage.agency.finished(taskId);
  const story = await stage.agency.story(taskId);
  expect(task, story).toMatchObject({ state: "completed" });
  expectWhole(events, story);
  const starts = of(events, "status").filter(({ data }) => data.state === "starting");
  expect(starts, story).toHaveLength(2);
  expect(of(events, "session"), story).toHaveLength(1);
}

async function expectRemembered(stage: Stage, { taskId, point, story }: Standing): Promise<void> {
  const { agency, model } = stage;
  const prompt = `[[s:${story.name}-ask]] What do you remember?`;
  // Nothing of the first one that would stand still again.
  const next = await agency.client.createTask({
    prompt,
    deliver: "none",
    checks: [],
    env: {},
    resume: { taskId },
  });
  const { task, events } = await agency.finished(next.id);
  const told = await agency.story(next.id);
  expect(task, told).toMatchObject({ state: "completed", parentId: taskId });
  expect(
    of(events, "restored").map(({ data }) => data.session),
    told,
  ).toEqual(["restored"]);
  const shown = of(events, "tool_end")
    .map(({ data }) => data.output.trim())
    .join("\n");
  const lines = [`${story.name} one`, `${story.name} two`];
  for (const line of lines.slice(0, point.kept)) expect(shown, told).toContain(line);
  const asked = model.requests.find((request) => request.script === `${story.name}-ask`)?.body ?? "";
  for (const word of story.words.slice(0, point.kept)) expect(asked).toContain(word);
  // The control: the words are in nothing but the memory.
  expect(shown).not.toContain(story.words[0]);
}

/** The server that came after took the run up where it was. */
export async function expectGoneOn(
  stage: Stage,
  { taskId, point, sandbox, repository, story }: Standing,
): Promise<void> {
  const { agency } = stage;
  const { task, events } = await agency.finished(taskId);
  const told = await agency.story(taskId);
  expect(task, told).toMatchObject({ state: "completed", attempt: 1 });
  expectWhole(events, told);
  const made = await Promise.all(
    FILES.map((name) => readFile(join(sandbox.folder, "workspace", name), "utf8")),
  );
  expect(made).toEqual([`${story.name} one\n`, `${story.name} two\n`]);
  expect((await agency.client.checkpoints(taskId)).length, told).toBeGreaterThan(0);
  if (point.deliver === "branch") {
    const bare = join(stage.folder, new URL(repository).pathname);
    expect(git(bare, "show", `${task.result?.branch}:${FILES[1]}`), told).toBe(`${story.name} two`);
  }
  if (point.deliver === "files") {
    const kinds = (await agency.client.artifacts(taskId)).map(({ kind }) => kind);
    expect(
      kinds.filter((kind) => kind === "archive"),
      told,
    ).toHaveLength(1);
  }
}

export async function expectNothingTwice({ agency }: Stage, { taskId, story }: Standing): Promise<void> {
  const { events } = await agency.finished(taskId);
  const told = await agency.story(taskId);
  expect(of(events, "session"), told).toHaveLength(1);
  const said = events
    .flatMap((event) =>
      event.type === "log" ? event.data.text : event.type === "tool_end" ? event.data.output : [],
    )
    .flatMap((text) => text.split("\n"))
    .filter((line) => /^(?:began|ended) /.test(line));
  expect(said.toSorted(), told).toEqual([...new Set(said)].toSorted());
  expect(said, told).toEqual(
    expect.arrayContaining(["began first", "ended first", "began second", "ended second"]),
  );
  for (const word of story.words) {
    const texts = of(events, "text").filter(({ data }) => data.text.includes(word));
    expect(texts, told).toHaveLength(1);
  }
}
