import {
  BLOB_LIMITS,
  createCommandFeed,
  createEventRate,
  createLogRedactions,
  finish,
  hello,
  ingest,
  lowerLimits,
  openRestore,
  runnerAccess,
  systemClock,
  takeAsk,
  takeBlob,
  takeCheckpoint,
  takeStoring,
  visitorAccess,
  worldAccess,
} from "@agency/control";
import type { SecretBook, Tokens, UploadAdmission } from "@agency/control";
import type { AttemptAccess, AttemptStore, Bus, Credentials, Logger, Metrics, Storage } from "@agency/core";
import { createUplinkApp } from "../uplink/app.ts";
import type { BlobDeps } from "../uplink/blob-routes.ts";
import type { Brokers } from "./brokers.ts";
import type { Stores } from "./stores.ts";

export interface UplinkParts {
  stores: Stores;
  bus: Bus;
  storage: Storage;
  admission: UploadAdmission;
  tokens: Tokens;
  credentials: Credentials;
  ownPrices: string | null;
  book: SecretBook;
  brokers: Pick<Brokers, "models" | "git">;
  metrics: Metrics;
  logger: Logger;
  noteActivity: (taskId: string, activity: string) => void;
}

/** The control plane's end of the sandboxes' door, with everything behind it bound. */
export function wireUplink(parts: UplinkParts) {
  const { stores, tokens, metrics, logger, credentials, ownPrices, brokers } = parts;
  const { tasks, artifacts } = stores;
  const now = () => Date.now();
  const access = { attempts: stores.attempts, tokens };
  const ingesting = {
    events: stores.events,
    storage: parts.storage,
    metrics,
    logger,
    rate: createEventRate(now),
    redactions: createLogRedactions({ redactorFor: parts.book.redactorFor }),
    now,
    onActivity: parts.noteActivity,
  };
  const { redactorFor } = parts.book;
  const redactorOf = ({ accountId, taskId }: AttemptAccess) => redactorFor(accountId, taskId);
  return createUplinkApp({
    access: doorAccess(parts),
    visit: visitorDoor(parts),
    world: worldDoor(parts),
    storing: (attempt) => takeStoring({ tasks, now }, attempt),
    lowerLimits: (attempt, asked) => lowerLimits({ tasks, events: stores.events, now }, attempt, asked),
    hello: (input) => hello({ ...access, tasks, artifacts, credentials, ownPrices, now }, input),
    ingest: (attempt, batch) => ingest(ingesting, attempt, batch),
    ask: async (attempt, input) => {
      const { redactJson: redact } = await redactorOf(attempt);
      return takeAsk({ tasks, redact, now }, attempt, input);
    },
    finish: async (attempt, input) => {
      const { redactText } = await redactorOf(attempt);
      return finish({ tasks, redactText, now }, attempt, input);
    },
    ...keeping(parts),
    feed: createCommandFeed({ attempts: stores.attempts, bus: parts.bus, now, sleep: systemClock.sleep }),
    heard: throttledTouch(stores.attempts, logger),
    models: { ...brokers.models },
    git: brokers.git,
    logger,
  });
}

/** What is kept of a sandbox, and what a new one begins with. */
function keeping({ stores, storage, admission }: UplinkParts): BlobDeps {
  const { tasks, artifacts } = stores;
  const now = () => Date.now();
  const blobs = { ...admission, artifacts, storage, limits: BLOB_LIMITS };
  return {
    takeBlob: (attempt, header, body) => takeBlob(blobs, attempt, header, body),
    takeCheckpoint: (attempt, input) => takeCheckpoint({ artifacts, now }, attempt, input),
    openRestore: (attempt) => openRestore({ tasks, artifacts, storage }, attempt),
  };
}

/** Lets the runner of a living attempt in by its token. */
function doorAccess({ stores, tokens }: Pick<UplinkParts, "stores" | "tokens">) {
  return (token: string) => runnerAccess({ attempts: stores.attempts, tokens }, "uplink", token);
}

/** As `doorAccess`, for what leads out into the world. */
export function worldDoor({ stores, tokens }: Pick<UplinkParts, "stores" | "tokens">) {
  return (token: string) => worldAccess({ attempts: stores.attempts, tokens }, token);
}

/** As `doorAccess`, also for a sandbox that is only kept. */
export function visitorDoor({ stores, tokens }: Pick<UplinkParts, "stores" | "tokens">) {
  return (token: string) => visitorAccess({ attempts: stores.attempts, tokens }, token);
}

const TOUCH_EVERY_MS = 5_000;

/** A runner under load is heard a hundred times a second; its row needs that about once in five. */
function throttledTouch(attempts: AttemptStore, logger: Logger): (attemptId: string) => void {
  const last = new Map<string, number>();
  return (attemptId) => {
    const now = Date.now();
    if (now - (last.get(attemptId) ?? 0) < TOUCH_EVERY_MS) return;
    if (last.size > 10_000) last.clear();
    last.set(attemptId, now);
    attempts
      .touch(attemptId, now)
      .catch((error: unknown) => logger.debug({ err: error }, "a runner's contact was not written"));
  };
}
