import { systemClock } from "@agency/control";
import type {
  ApiKeyStore,
  AttemptStore,
  CostStore,
  EventStore,
  ProbeStore,
  Queue,
  TaskStore,
} from "@agency/core";
import {
  createApiKeyStore,
  createAttemptStore,
  createCostStore,
  createEventStore,
  createProbeStore,
  createTaskStore,
} from "@agency/postgres";
import type { Database } from "@agency/postgres";

export interface Stores {
  tasks: TaskStore;
  attempts: AttemptStore;
  events: EventStore;
  costs: CostStore;
  probes: ProbeStore;
  apiKeys: ApiKeyStore;
}

export function createStores(db: Database, queue: Queue): Stores {
  return {
    tasks: createTaskStore(db, queue),
    attempts: createAttemptStore(db),
    events: createEventStore(db, systemClock),
    costs: createCostStore(db),
    probes: createProbeStore(db),
    apiKeys: createApiKeyStore(db),
  };
}
