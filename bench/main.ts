// Prints how Agency compares with its peers, measured side by side in one run: the machine's weather then
// changes both. `npm run bench -- --quick` for fewer rounds; `npm run bench -- queue` for one row.
import { loadavg } from "node:os";
import type { Bench, Row } from "./row.ts";

const BENCHES: Record<string, () => Promise<Bench>> = {
  submit: async () => (await import("./rows/submit.ts")).submitBench,
  queue: async () => (await import("./rows/queue.ts")).queueBench,
  ingest: async () => (await import("./rows/ingest.ts")).ingestBench,
  model: async () => (await import("./rows/model.ts")).modelBench,
  start: async () => (await import("./rows/start.ts")).startBench,
  archive: async () => (await import("./rows/archive.ts")).archiveBench,
  taking: async () => (await import("./rows/taking.ts")).takingBench,
  segments: async () => (await import("./rows/segments.ts")).segmentsBench,
  checkpoint: async () => (await import("./rows/checkpoint.ts")).checkpointBench,
  checkout: async () => (await import("./rows/checkout.ts")).checkoutBench,
};

const flags = new Set(process.argv.slice(2));
const quick = flags.delete("--quick");
const names = flags.size === 0 ? Object.keys(BENCHES) : [...flags];
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}. Benches: ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(2);
}

console.log(
  `node ${process.version} · load ${loadavg()
    .map((n) => n.toFixed(1))
    .join(" ")}${quick ? " · quick" : ""}\n`,
);
const rows: Row[] = [];
for (const name of names) {
  const bench = await BENCHES[name]?.();
  if (bench) rows.push(...(await bench({ quick })));
}
print(rows);
process.exit(0);

function print(table: readonly Row[]): void {
  const columns = ["what", "against", "ours", "theirs", "ratio", "target"] as const;
  console.log(`| ${columns.join(" | ")} | met |`);
  console.log(`|${" --- |".repeat(columns.length + 1)}`);
  for (const row of table)
    console.log(`| ${columns.map((c) => row[c]).join(" | ")} | ${row.met ? "yes" : "no"} |`);
}
