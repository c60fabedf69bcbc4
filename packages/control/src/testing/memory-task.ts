import type { Ask, Task } from "@agency/contract";
import { stepTask, waitedUntil } from "@agency/core";
import type { ApplyOutcome, SupervisedTask, TaskCommand, TaskStore } from "@agency/core";

/** One task in memory, changed by the real steps, with the real store's rules for asks. */
export class MemoryTask implements Pick<TaskStore, "apply" | "get" | "load" | "changeLimits"> {
  readonly commands: TaskCommand[] = [];
  readonly #asked = new Map<string, Ask>();
  now = 0;
  task: SupervisedTask;

  constructor(task: SupervisedTask) {
    this.task = task;
  }

  load(id: string): Promise<SupervisedTask | null> {
    return Promise.resolve(id === this.task.id ? this.task : null);
  }

  get(accountId: string, id: string): Promise<Task | null> {
    const { task } = this;
    return Promise.resolve(id === task.id && accountId === task.accountId ? this.#view() : null);
  }

  apply(id: string, command: TaskCommand, now: number): Promise<ApplyOutcome> {
    this.commands.push(command);
    const { snapshot } = this.task;
    if (id !== this.task.id) return Promise.resolve({ ok: false, error: { code: "missing" } });
    if (command.kind === "ask" && this.#asked.has(command.ask.id))
      return Promise.resolve({
        ok: true,
        step: { next: snapshot, events: [], effects: [] },
        task: this.task,
      });
    const result = stepTask(snapshot, command, now);
    if (!result.ok) return Promise.resolve(result);
    if (command.kind === "ask")
      this.#asked.set(command.ask.id, { ...command.ask, askedAt: new Date(now).toISOString() });
    this.task = { ...this.task, snapshot: result.step.next };
    return Promise.resolve({ ok: true, step: result.step, task: this.task });
  }

  changeLimits(...[accountId, id, change]: Parameters<TaskStore["changeLimits"]>) {
    const { task } = this;
    if (id !== task.id || accountId !== task.accountId)
      return Promise.resolve({ kind: "not_found" as const });
    if (task.snapshot.state === "finishing") return Promise.resolve({ kind: "finished" as const });
    const changed = change(task.spec.limits);
    if (!changed.ok) return Promise.resolve({ kind: "invalid" as const, problem: changed.problem });
    this.task = { ...task, spec: { ...task.spec, limits: changed.limits } };
    return Promise.resolve({ kind: "changed" as const, task: this.#view() });
  }

  #view(): Task {
    const { id, snapshot, spec, costUsd } = this.task;
    const waits = snapshot.waits.map((wait) => ({
      ...wait,
      since: new Date(wait.since).toISOString(),
      until: wait.until === null ? null : new Date(wait.until).toISOString(),
    }));
    const open = snapshot.waits.flatMap((wait) => this.#asked.get(wait.id) ?? []);
    const view: Partial<Task> = {
      id,
      state: snapshot.state,
      reason: snapshot.reason,
      waits,
      asks: open,
      limits: spec.limits,
      costUsd,
      waitedMs: waitedUntil(snapshot, this.now),
    };
    // What the use cases do not look at is left out.
    return view as Task;
  }
}
