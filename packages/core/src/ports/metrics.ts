/** What is worth counting. The server turns it into Prometheus text; tests count calls. */
export interface Metrics {
  eventsIngested(count: number): void;
  eventsRefused(count: number): void;
  pickedUp(waitMs: number): void;
  runningTasks(count: number): void;
  sandboxStarted(provider: string, durationMs: number): void;
  taskEnded(state: string, reason: string): void;
  modelCall(vendor: string, model: string, costUsd: number): void;
}
