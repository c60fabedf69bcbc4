import { Gauge } from "prom-client";
import type { Registry } from "prom-client";

/**
 * The few numbers of the process worth watching, read when asked. The library's own set runs a timer and
 * a garbage collection observer all the time, which an idle server should not.
 */
export function addProcessMetrics(registry: Registry): void {
  const startedAt = Date.now() / 1000 - process.uptime();
  readGauge(registry, "process_resident_memory_bytes", "Memory in use.", () => process.memoryUsage.rss());
  readGauge(
    registry,
    "nodejs_heap_size_used_bytes",
    "Memory used by objects.",
    () => process.memoryUsage().heapUsed,
  );
  readGauge(registry, "process_start_time_seconds", "When the process started.", () => startedAt);
  readGauge(registry, "process_cpu_seconds_total", "Processor time used.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}

function readGauge(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
}
