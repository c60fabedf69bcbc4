import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@agency/client";
import type { Client } from "@agency/client";
import { discardSandboxes } from "./discard-sandboxes.ts";
import { makeHome } from "./home.ts";
import type { EventOf, EventType, Task, TaskEvent } from "@agency/contract";

const SERVER = new URL("../../apps/server/src/main.ts", import.meta.url).pathname;

export interface AgencyOptions {
  /** An own one is made, and removed at the end, when none is given. */
  home?: string;
  env?: Record<string, string>;
  /** A command the server is run by, such as one that changes what it sees. */
  within?: string[];
}

/** A real server process on a free port, with a data folder and, unless told otherwise, a database of its own. */
export class Agency implements AsyncDisposable {
  readonly home: string;
  readonly url: string;
  readonly apiKey: string;
  readonly client: Client;
  readonly log: string[];
  readonly #child: ChildProcess;
  readonly #ownsHome: boolean;

  private constructor(start: Started, home: string, apiKey: string, ownsHome: boolean) {
    this.home = home;
    this.url = start.url;
    this.apiKey = apiKey;
    this.log = start.log;
    this.#child = start.child;
    this.#ownsHome = ownsHome;
    this.client = createClient({ baseUrl: start.url, apiKey, timeoutMs: 120_000 });
  }

  static async start({ home, env = {}, within = [] }: AgencyOptions = {}): Promise<Agency> {
    const folder = home ?? (await makeHome());
    const started = await startServer(folder, env, within);
    const apiKey = (await readFile(join(folder, "api-key"), "utf8")).trim();
    return new Agency(started, folder, apiKey, home === undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Nothing is told, nothing is cleaned up: as a crash. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await ended(this.#child);
  }

  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    await ended(this.#child);
    return this.#child.exitCode;
  }

  /** Ends and deletes every task, so that no sandbox, claim or workspace outlives the test. */
  async clear(): Promise<void> {
    for (;;) {
      const { tasks } = await this.client.listTasks({ limit: 100 });
      if (tasks.length === 0) return;
      await Promise.all(
        tasks
          .filter(({ finishedAt }) => finishedAt === null)
          .map(async ({ id }) => {
            await this.client.cancelTask(id);
            await this.finished(id);
          }),
      );
      // The newest first: one that another goes on from cannot be deleted before that one.
      for (const { id } of tasks) await this.client.deleteTask(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.clear();
    await this.stop();
    if (!this.#ownsHome) return;
    await discardSandboxes(this.home);
    await rm(this.home, { recursive: true, force: true });
  }

  /** The first event that fits, from the start of the log on or after a number of it. */
  async event<T extends EventType>(
    taskId: string,
    type: T,
    fits: (data: EventOf<T>["data"]) => boolean = () => true,
    after = 0,
  ): Promise<TaskEvent & EventOf<T>> {
    for await (const event of this.client.events(taskId, { after })) {
      if (event.type === type && fits(event.data as EventOf<T>["data"]))
        return event as TaskEvent & EventOf<T>;
    }
    throw new Error(`task ${taskId} ended without the ${type} event\n${await this.story(taskId)}`);
  }

  async finished(taskId: string): Promise<{ task: Task; events: TaskEvent[] }> {
    const events: TaskEvent[] = [];
    for await (const event of this.client.events(taskId)) events.push(event);
    return { task: await this.client.getTask(taskId), events };
  }

  /** What a failing test should show. */
  async story(taskId: string): Promise<string> {
    const { events } = await this.client.listEvents(taskId);
    const lines = events.map(
      (event) => `${event.seq} ${event.type} ${JSON.stringify(event.data).slice(0, 300)}`,
    );
    return [...lines, ...this.log.slice(-20)].join("\n");
  }
}

interface Started {
  child: ChildProcess;
  url: string;
  log: string[];
}

async function startServer(home: string, env: Record<string, string>, within: string[]): Promise<Started> {
  const command = [...within, process.execPath, SERVER];
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      AGENCY_HOME: home,
      AGENCY_PORT: "0",
      AGENCY_LOG_FORMAT: "json",
      ...env,
    },
  });
  const log: string[] = [];
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.push(line);
      const url = /"url":"(http[^"]+)".*is ready"/.exec(line)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
  }
  void ended(child).then(() =>
    ready.reject(new Error(`the server ended before it was ready:\n${log.join("\n")}`)),
  );
  return { child, url: await ready.promise, log };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
