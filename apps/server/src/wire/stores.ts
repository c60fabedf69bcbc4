import { systemClock } from "@agency/control";
import type {
  ApiKeyStore,
  ArtifactStore,
  AttemptStore,
  AuditLog,
  CostStore,
  EventStore,
  ProbeStore,
  Queue,
  SecretStore,
  TaskStore,
} from "@agency/core";
import {
  createApiKeyStore,
  createArtifactStore,
  createAttemptStore,
  createAuditLog,
  createCostStore,
  createEventStore,
  createProbeStore,
  createSecretStore,
  createTaskStore,
} from "@agency/postgres";
import type { Database } from "@agency/postgres";

export interface Stores {
  tasks: TaskStore;
  artifacts: ArtifactStore;
  attempts: AttemptStore;
  events: EventStore;
  costs: CostStore;
  probes: ProbeStore;
  apiKeys: ApiKeyStore;
  secrets: SecretStore;
  audit: AuditLog;
}

export function createStores(db: Database, queue: Queue): Stores {
  return {
    tasks: createTaskStore(db, queue),
    artifacts: createArtifactStore(db),
    attempts: createAttemptStore(db),
    events: createEventStore(db, systemClock),
    costs: createCostStore(db),
    probes: createProbeStore(db),
    apiKeys: createApiKeyStore(db),
    secrets: createSecretStore(db),
    audit: createAuditLog(db),
  };
}
