import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

async function scrape(metrics = createMetrics()): Promise<(name: string) => string[]> {
  const { text } = await metrics.render();
  return (name) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .map((line) => line.slice(name.length));
}

describe("the metrics", () => {
  it("count what the work does", async () => {
    const metrics = createMetrics();
    metrics.eventsIngested(5);
    metrics.eventsIngested(2);
    metrics.eventsRefused(1);
    metrics.runningTasks(3);
    metrics.taskEnded("failed", "timeout");
    metrics.httpRequest("GET", "/v1/tasks/{id}", 404);
    metrics.modelCall("anthropic", "claude-sonnet", 0.25);
    metrics.modelCall("anthropic", "claude-sonnet", 0.5);
    const values = await scrape(metrics);
    expect(values("agency_events_ingested_total")).toEqual([" 7"]);
    expect(values("agency_events_refused_total")).toEqual([" 1"]);
    expect(values("agency_tasks_running")).toEqual([" 3"]);
    expect(values("agency_tasks_ended_total")).toEqual(['{state="failed",reason="timeout"} 1']);
    expect(values("agency_http_requests_total")).toEqual([
      '{method="GET",route="/v1/tasks/{id}",status="404"} 1',
    ]);
    expect(values("agency_model_spend_usd_total")).toEqual([
      '{vendor="anthropic",model="claude-sonnet"} 0.75',
    ]);
    expect(values("agency_model_calls_total")).toEqual(['{vendor="anthropic",model="claude-sonnet"} 2']);
  });

  it("time what people wait for, in seconds", async () => {
    const metrics = createMetrics();
    metrics.pickedUp(20);
    metrics.pickedUp(-5);
    metrics.sandboxStarted("local", 400);
    const values = await scrape(metrics);
    expect(values("agency_task_pickup_seconds_count")).toEqual([" 2"]);
    expect(values("agency_task_pickup_seconds_sum")).toEqual([" 0.02"]);
    expect(values("agency_sandbox_start_seconds_sum")).toEqual(['{provider="local"} 0.4']);
  });

  it("ask the queue when they are asked, and say nothing when it does not answer", async () => {
    const metrics = createMetrics();
    let depth: () => Promise<number> = async () => 4;
    metrics.watchQueue({ depth: () => depth(), oldestQueuedMs: async () => 1_500 });
    expect((await scrape(metrics))("agency_queue_depth")).toEqual([" 4"]);
    expect((await scrape(metrics))("agency_queue_oldest_seconds")).toEqual([" 1.5"]);
    depth = () => Promise.reject(new Error("the database is away"));
    expect((await scrape(metrics))("agency_queue_depth")).toEqual([" Nan"]);
  });

  it("give an agent no way to make series without end", async () => {
    const metrics = createMetrics();
    for (let i = 0; i < 500; i += 1) metrics.modelCall("anthropic", `model-${i}`, 1);
    const values = await scrape(metrics);
    expect(values("agency_model_spend_usd_total")).toHaveLength(101);
    expect(values("agency_model_spend_usd_total")).toContain('{vendor="anthropic",model="other"} 400');
  });

  it("know the process", async () => {
    const values = await scrape();
    for (const name of [
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "nodejs_heap_size_used_bytes",
    ]) {
      expect(Number(values(name)[0])).toBeGreaterThan(0);
    }
  });
});
