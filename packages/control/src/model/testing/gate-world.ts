import { DEFAULT_LIMITS } from "@agency/contract";
import type { Limits } from "@agency/contract";
import { PRICE_TABLE } from "@agency/core";
import type { CostStore, EventStore, ModelCaller, NewTask, TaskStore } from "@agency/core";
import { createAttemptStore, createCostStore, createEventStore, DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTaskDatabase, PLAIN_SPEC } from "@agency/testing";
import { createTokens } from "../../access/tokens.ts";
import { systemClock } from "../../clock.ts";
import { uuidv7 } from "../../ids.ts";
import { createModelGate } from "../gate.ts";
import type { ModelGateDeps } from "../gate.ts";

const tokens = createTokens(new Uint8Array(32).fill(7));

export interface GateWorld {
  db: Database;
  tasks: TaskStore;
  costs: CostStore;
  events: EventStore;
  deps: ModelGateDeps;
  /** A gate as another process would have it. */
  gate: ReturnType<typeof createModelGate>;
  /** The placeholder of a new task's running attempt. */
  issue(limits?: Partial<Limits>, more?: Partial<NewTask["spec"]>, parentId?: string): Promise<string>;
  caller(placeholder: string): Promise<ModelCaller>;
  close(): Promise<void>;
}

/** The gate on a database of its own, with everything behind it as in the product. */
export async function createGateWorld(): Promise<GateWorld> {
  const { db, tasks, close } = await createTaskDatabase();
  const costs = createCostStore(db);
  const events = createEventStore(db, systemClock);
  const deps: ModelGateDeps = {
    attempts: createAttemptStore(db),
    tokens,
    tasks,
    costs,
    events,
    metrics: { modelCall() {} },
    prices: PRICE_TABLE,
    unknownModels: "dearest",
    now: () => Date.now(),
  };
  const gate = createModelGate(deps);
  return {
    db,
    tasks,
    costs,
    events,
    deps,
    gate,
    issue: (limits = {}, more = {}, parentId) => issue(tasks, limits, more, parentId),
    async caller(placeholder) {
      const caller = await gate.authorize("anthropic", placeholder);
      if ("refused" in caller) throw new Error(`refused: ${caller.refused}`);
      return caller;
    },
    close,
  };
}

async function issue(
  tasks: TaskStore,
  limits: Partial<Limits>,
  more: Partial<NewTask["spec"]>,
  parentId: string | undefined,
): Promise<string> {
  const task = newTask(limits, more, parentId ?? null);
  const now = Date.now();
  await tasks.create(task, null);
  await tasks.apply(task.id, { kind: "claim" }, now);
  await tasks.apply(task.id, { kind: "provisioned", epoch: 1 }, now);
  const running = await tasks.apply(task.id, { kind: "hello", epoch: 1 }, now);
  if (!running.ok) throw new Error(`the task does not run: ${running.error.code}`);
  return tokens.issue("anthropic", running.task.attempt?.id ?? "");
}

function newTask(limits: Partial<Limits>, more: Partial<NewTask["spec"]>, parentId: string | null): NewTask {
  return {
    id: uuidv7(Date.now()),
    accountId: DEFAULT_ACCOUNT_ID,
    name: "a task",
    prompt: "do it",
    engine: "claude",
    model: null,
    provider: "local",
    spec: {
      ...PLAIN_SPEC,
      limits: { ...DEFAULT_LIMITS, costUsd: 1, ...limits },
      network: "internet",
      questions: false,
      ...more,
    },
    labels: {},
    priority: 0,
    notBefore: null,
    parentId,
    hidden: false,
    secrets: [],
    audit: null,
  };
}
