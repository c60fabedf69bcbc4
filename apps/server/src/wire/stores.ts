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
  ProbeStore,
  Queue,
  RemovalStore,
  RetentionStore,
  SecretStore,
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
  createProbeStore,
  createRemovalStore,
  createRetentionStore,
  createSecretStore,
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
  scan: StorageScan;
  costs: CostStore;
  probes: ProbeStore;
  apiKeys: ApiKeyStore;
  secrets: SecretStore;
  audit: AuditLog;
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
    scan: createStorageScan(db),
    costs: createCostStore(db),
    probes: createProbeStore(db),
    apiKeys: createApiKeyStore(db),
    secrets: createSecretStore(db),
    audit: createAuditLog(db),
  };
}
