import { createArchivedEvents, systemClock } from "@agency/control";
import type {
  ApiKeyStore,
  ArtifactStore,
  AttemptStore,
  AuditLog,
  CostStore,
  EventArchive,
  EventRows,
  EventStore,
  FeedStore,
  NetworkStore,
  OverviewStore,
  PairingStore,
  ProbeStore,
  Queue,
  RemovalStore,
  RetentionStore,
  SecretStore,
  SessionStore,
  TemplateStore,
  WayInStore,
  Storage,
  StorageScan,
  TaskStore,
  UploadStore,
} from "@agency/core";
import {
  createApiKeyStore,
  createArtifactStore,
  createAttemptStore,
  createAuditLog,
  createCostStore,
  createEventArchive,
  createEventStore,
  createFeedStore,
  createNetworkStore,
  createOverviewStore,
  createPairingStore,
  createProbeStore,
  createRemovalStore,
  createRetentionStore,
  createSecretStore,
  createSessionStore,
  createTemplateStore,
  createWayInStore,
  createStorageScan,
  createTaskStore,
  createUploadStore,
} from "@agency/postgres";
import type { Database } from "@agency/postgres";

export interface Stores {
  tasks: TaskStore;
  artifacts: ArtifactStore;
  uploads: UploadStore;
  attempts: AttemptStore;
  /** The whole log, wherever it is kept by now. */
  events: EventStore;
  eventRows: EventRows;
  archive: EventArchive;
  retention: RetentionStore;
  removals: RemovalStore;
  networks: NetworkStore;
  scan: StorageScan;
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

export function createStores(db: Database, queue: Queue, storage: Storage): Stores {
  const eventRows = createEventStore(db, systemClock);
  const archive = createEventArchive(db);
  return {
    tasks: createTaskStore(db, queue),
    artifacts: createArtifactStore(db),
    uploads: createUploadStore(db),
    attempts: createAttemptStore(db),
    events: createArchivedEvents({ rows: eventRows, archive, storage }),
    eventRows,
    archive,
    retention: createRetentionStore(db),
    removals: createRemovalStore(db),
    networks: createNetworkStore(db),
    scan: createStorageScan(db),
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
