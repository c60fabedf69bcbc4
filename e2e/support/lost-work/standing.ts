import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { initOf, processesOf, sandboxOf } from "../sandbox-processes.ts";
import type { SandboxUnderTest } from "../sandbox-processes.ts";
import type { Place, Point } from "./points.ts";
import { appeared, letGo } from "./stage.ts";
import type { Stage } from "./stage.ts";
import type { Story } from "./story.ts";

/** A run that stands still at its point. */
export interface Standing {
  readonly point: Point;
  readonly story: Story;
  readonly taskId: string;
  readonly sandbox: SandboxUnderTest;
  readonly repository: string;
  /** Whoever is left goes on. */
  open(): Promise<void>;
}

interface Hold {
  reached(taskId: string): Promise<void>;
  open(taskId: string): Promise<void>;
}

export function storyOf(name: string): Story {
  const word = (): string => `word${randomBytes(8).toString("hex")}`;
  return { name, words: [word(), word()] };
}

/** Starts a run and resolves when it stands at its point, with the turns before it kept. */
export async function standAt(stage: Stage, point: Point, story: Story): Promise<Standing> {
  const { client } = stage.agency;
  const { name } = story;
  const repository = await repositoryFor(stage, point.place, name);
  const parent = point.resumed === true ? await runParent(stage, name, repository) : null;
  // What it writes is its own, and what it reads its parent's.
  const known = { taskId: "", parent: parent ?? "" };
  const hold = holdAt(stage, point.place, { name, repository, known });
  const task = await client.createTask({
    prompt: `[[s:${name}]] Make two files.`,
    model: "claude-sonnet-4-5",
    deliver: point.deliver ?? "none",
    checks: point.check === true ? ["sh hold.sh check"] : [],
    env: point.place.at === "script" ? { HOLD: point.place.name } : {},
    ...(parent === null ? { repository: { url: repository } } : { resume: { taskId: parent } }),
  });
  known.taskId = task.id;
  await client.sendMessage(task.id, { text: "Now the second file.", mode: "next_turn" });
  await hold.reached(task.id);
  if (isInside(point))
    await stage.agency.event(task.id, "checkpoint", ({ number = 0 }) => number >= point.kept);
  const sandbox = await sandboxOf(stage.db, stage.home, task.id);
  return { point, story, taskId: task.id, sandbox, repository, open: () => hold.open(task.id) };
}

/** What is kept was kept by this run itself, at its point. */
function isInside({ kept, resumed, place }: Point): boolean {
  return kept > 0 && resumed !== true && place.at !== "start";
}

async function repositoryFor(stage: Stage, place: Place, name: string): Promise<string> {
  if (place.at === "git") return stage.repository(name, "plain");
  const isPrepared = place.at === "script" && /setup|-run$/.test(place.name);
  return `${stage.git.origin}/open/${isPrepared ? "prepared" : "plain"}.git`;
}

async function runParent(stage: Stage, name: string, url: string): Promise<string> {
  const { client } = stage.agency;
  const prompt = `[[s:${name}-parent]] Make two files.`;
  const task = await client.createTask({ prompt, repository: { url }, deliver: "none" });
  await client.sendMessage(task.id, { text: "Now the second file.", mode: "next_turn" });
  await stage.agency.finished(task.id);
  return task.id;
}

interface HoldFor {
  readonly name: string;
  readonly repository: string;
  readonly known: { readonly taskId: string; readonly parent: string };
}

function holdAt(stage: Stage, place: Place, about: HoldFor): Hold {
  switch (place.at) {
    case "start":
      return atStart(stage);
    case "model":
      return atModel(stage, place, about.name);
    case "script":
      return inScript(stage);
    case "git": {
      const path = new URL(about.repository).pathname;
      const hold = stage.git.hold(
        place.moment,
        ({ url = "" }) => url.startsWith(path) && place.fits.test(url),
      );
      return { reached: () => hold.reached, open: async () => hold.open() };
    }
    case "storage":
      return atStorage(stage, place, about);
  }
}

function atStorage(stage: Stage, place: Extract<Place, { at: "storage" }>, about: HoldFor): Hold {
  let seen = 0;
  const hold = stage.storage.hold(place.moment, ({ url = "", method, headers }) => {
    const { taskId, parent } = about.known;
    const owner = place.method === "GET" ? parent : taskId;
    const fits =
      method === place.method &&
      owner !== "" &&
      url.includes(owner) &&
      (place.type ?? headers["content-type"]) === headers["content-type"];
    if (fits) seen += 1;
    // The last checkpoint takes the place of one that is still on its way: it stands there, too.
    return fits && seen >= (place.turn ?? 1);
  });
  return {
    reached: () => hold.reached,
    open: async () => {
      hold.open();
      stage.model.open(about.name);
    },
  };
}

function atModel(stage: Stage, place: Extract<Place, { at: "model" }>, name: string): Hold {
  return {
    reached: async (taskId) => {
      await stage.model.reached(name, place.step);
      if (place.half === true) await stage.agency.event(taskId, "text_delta");
      if (place.paused === true) await stage.agency.client.pauseTask(taskId);
    },
    open: async (taskId) => {
      stage.model.open(name);
      const { client } = stage.agency;
      if ((await client.getTask(taskId)).state === "waiting") await client.resumeTask(taskId);
    },
  };
}

function inScript(stage: Stage): Hold {
  return {
    reached: async (taskId) => {
      await stage.agency.event(taskId, "phase");
      const { home } = await sandboxOf(stage.db, stage.home, taskId);
      await appeared(home, "held");
    },
    open: async (taskId) => letGo((await sandboxOf(stage.db, stage.home, taskId)).home),
  };
}

/** Stopped by the kernel as soon as it exists: long before its runner has read its first file. */
function atStart(stage: Stage): Hold {
  let stopped: number[] = [];
  return {
    reached: async (taskId) => {
      stopped = await stopEarly(stage, taskId);
      const { events } = await stage.agency.client.listEvents(taskId);
      if (events.some(({ type }) => type === "phase")) throw new Error("the runner had said hello already");
    },
    open: async () => {
      for (const pid of stopped) {
        try {
          process.kill(pid, "SIGCONT");
        } catch {
          // It was killed.
        }
      }
    },
  };
}

async function stopEarly({ db, home }: Stage, taskId: string): Promise<number[]> {
  for (;;) {
    const { rows } = await db.query<{ id: string }>(`select id from sandboxes where task_id = $1`, [taskId]);
    const names = await readdir(join(home, "sandboxes")).catch(() => []);
    const name = names.find((one) => rows[0] !== undefined && one.startsWith(rows[0].id));
    const folder = join(home, "sandboxes", name ?? "none");
    const status = join(folder, "control", "status.json");
    if (name !== undefined && existsSync(status) && readFileSync(status, "utf8").includes("child-pid")) {
      const pids = processesOf(initOf({ name, folder, home: join(folder, "home") })).toReversed();
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      return pids;
    }
    await pause(2);
  }
}
