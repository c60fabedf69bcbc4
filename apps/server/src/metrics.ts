import type { Metrics, Queue } from "@agency/core";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ApiMetrics } from "./http/deps.ts";
import { addProcessMetrics } from "./process-metrics.ts";

export interface ServerMetrics extends Metrics, ApiMetrics {
  /** From now on a scrape asks this queue how long it is. */
  watchQueue(queue: Pick<Queue, "depth" | "oldestQueuedMs">): void;
}

/** The agent chooses the model's name; it must not choose how many series there are. */
const MAX_MODELS = 100;
const WAIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];
const START_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createMetrics(): ServerMetrics {
  const registry = new Registry();
  addProcessMetrics(registry);
  const work = workMetrics(registry);
  const http = new Counter({
    name: "agency_http_requests_total",
    help: "Requests answered by the API.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  return {
    ...work,
    httpRequest: (method, route, status) => http.inc({ method, route, status }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    watchQueue: (queue) => watchQueue(registry, queue),
  };
}

function workMetrics(registry: Registry): Metrics {
  const registers = [registry];
  const ingested = counter(registry, "agency_events_ingested_total", "Events stored for runners.");
  const refused = counter(registry, "agency_events_refused_total", "Events that did not match their schema.");
  const running = new Gauge({
    name: "agency_tasks_running",
    help: "Tasks this process supervises.",
    registers,
  });
  const ended = counter(
    registry,
    "agency_tasks_ended_total",
    "Tasks that reached their end.",
    "state",
    "reason",
  );
  const spend = counter(registry, "agency_model_spend_usd_total", "Spent on models.", "vendor", "model");
  const calls = counter(registry, "agency_model_calls_total", "Billed model calls.", "vendor", "model");
  const pickUp = new Histogram({
    name: "agency_task_pickup_seconds",
    help: "From the moment a task could start until a worker took it.",
    buckets: WAIT_SECONDS,
    registers,
  });
  const starts = new Histogram({
    name: "agency_sandbox_start_seconds",
    help: "From asking a provider for a sandbox until it ran.",
    labelNames: ["provider"],
    buckets: START_SECONDS,
    registers,
  });
  const modelLabel = boundedLabel(MAX_MODELS);
  return {
    eventsIngested: (count) => ingested.inc(count),
    eventsRefused: (count) => refused.inc(count),
    pickedUp: (waitMs) => pickUp.observe(Math.max(0, waitMs) / 1000),
    runningTasks: (count) => running.set(count),
    sandboxStarted: (provider, durationMs) => starts.observe({ provider }, durationMs / 1000),
    taskEnded: (state, reason) => ended.inc({ state, reason }),
    modelCall(vendor, name, costUsd) {
      const model = modelLabel(name);
      calls.inc({ vendor, model });
      spend.inc({ vendor, model }, costUsd);
    },
  };
}

function counter<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  ...labelNames: L[]
): Counter<L> {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

/** Asked of the database at each scrape; one that cannot be asked shows no value instead of an old one. */
function watchQueue(registry: Registry, queue: Pick<Queue, "depth" | "oldestQueuedMs">): void {
  askedGauge(registry, "agency_queue_depth", "Tasks that could start now.", () => queue.depth());
  askedGauge(registry, "agency_queue_oldest_seconds", "How long the first of them has waited.", async () => {
    return (await queue.oldestQueuedMs()) / 1000;
  });
}

function askedGauge(registry: Registry, name: string, help: string, ask: () => Promise<number>): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      gauge.set(await ask().catch(() => Number.NaN));
    },
  });
}

function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return "other";
    known.add(value);
    return value;
  };
}
