import { systemClock } from "@agency/control";
import type {
  ApiKeyStore,
  ArtifactStore,
  AttemptStore,
  AuditLog,
  CostStore,
  EventStore,
  FeedStore,
  OverviewStore,
  PairingStore,
  ProbeStore,
  Queue,
  SecretStore,
  SessionStore,
  TaskStore,
  TemplateStore,
  WayInStore,
} from "@agency/core";
import {
  createApiKeyStore,
  createArtifactStore,
  createAttemptStore,
  createAuditLog,
  createCostStore,
  createEventStore,
  createFeedStore,
  createOverviewStore,
  createPairingStore,
  createProbeStore,
  createSecretStore,
  createSessionStore,
  createTaskStore,
  createTemplateStore,
  createWayInStore,
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
  sessions: SessionStore;
  pairings: PairingStore;
  ways: WayInStore;
  feed: FeedStore;
  overview: OverviewStore;
  templates: TemplateStore;
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
    sessions: createSessionStore(db),
    pairings: createPairingStore(db),
    ways: createWayInStore(db),
    feed: createFeedStore(db),
    overview: createOverviewStore(db),
    templates: createTemplateStore(db),
  };
}
