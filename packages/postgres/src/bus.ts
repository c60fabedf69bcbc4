import type { Bus, Channel, Clock, Logger } from "@agency/core";
import { Client } from "pg";
import { translate } from "./database-error.ts";

const CHANNELS: readonly Channel[] = ["ev", "ctl", "job", "net"];
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
/** A connection that is only listened to looks the same alive and cut off. */
const PROBE_EVERY_MS = 15_000;
const PROBE_LIMIT_MS = 5_000;

export interface PostgresBus extends Bus {
  /** Listening for the first time. Until then nothing is heard; it is tried again until it works. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface BusSettings {
  /** A direct connection: LISTEN does not work through a pooler in transaction mode. */
  connectionString: string;
  clock: Clock;
  logger: Logger;
}

/** Wake-ups between processes over one dedicated connection, however many listen in this process. */
export function createBus({ connectionString, clock, logger }: BusSettings): PostgresBus {
  const listeners = new Map<string, Set<(payload: string) => void>>(
    CHANNELS.map((name) => [name, new Set()]),
  );
  const resyncs = new Set<() => void>();
  const closing = new AbortController();
  const ready = Promise.withResolvers<void>();

  const hear = (channel: string, payload: string): void => {
    for (const listener of listeners.get(channel) ?? []) call(listener, payload);
  };
  const call = <A extends unknown[]>(listener: (...args: A) => void, ...args: A): void => {
    try {
      listener(...args);
    } catch (error) {
      logger.error({ err: error }, "A listener of the bus failed.");
    }
  };

  const run = async (): Promise<void> => {
    let heardBefore = false;
    for (let failures = 0; !closing.signal.aborted; failures += 1) {
      const ear = await openEar(connectionString, hear).catch((error: unknown) => {
        logger.warn({ err: error }, "The bus is not connected; it is tried again.");
        return null;
      });
      if (ear !== null) {
        failures = 0;
        ready.resolve();
        // What was said while nobody listened is lost: everybody looks for themselves.
        if (heardBefore) for (const listener of resyncs) call(listener);
        heardBefore = true;
        await listenUntilLost(ear, clock, closing.signal);
      }
      if (!closing.signal.aborted) await clock.sleep(backOff(failures), closing.signal);
    }
  };
  const running = run();

  return {
    ready: ready.promise,
    subscribe(channel, listener) {
      listeners.get(channel)?.add(listener);
      return () => void listeners.get(channel)?.delete(listener);
    },
    onResync(listener) {
      resyncs.add(listener);
      return () => void resyncs.delete(listener);
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

interface Ear {
  client: Client;
  lost: Promise<void>;
}

async function openEar(
  connectionString: string,
  hear: (channel: string, payload: string) => void,
): Promise<Ear> {
  const client = new Client({
    connectionString,
    application_name: "agency bus",
    connectionTimeoutMillis: 10_000,
    query_timeout: PROBE_LIMIT_MS,
    keepAlive: true,
  });
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  client.on("error", () => resolve());
  client.on("end", () => resolve());
  client.on("notification", ({ channel, payload }) => hear(channel, payload ?? ""));
  try {
    await client.connect();
    await client.query(CHANNELS.map((channel) => `listen ${channel}`).join("; "));
    return { client, lost };
  } catch (error) {
    await client.end().catch(() => {});
    throw translate(error);
  }
}

async function listenUntilLost({ client, lost }: Ear, clock: Clock, closing: AbortSignal): Promise<void> {
  const gone = new AbortController();
  void lost.then(() => gone.abort());
  const over = AbortSignal.any([closing, gone.signal]);
  try {
    while (!over.aborted) {
      await clock.sleep(PROBE_EVERY_MS, over);
      if (!over.aborted) await client.query("select 1");
    }
  } catch {
    // Cut off without a word: the connection is given up below, and made anew.
  } finally {
    await client.end().catch(() => {});
  }
}

function backOff(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures);
}
