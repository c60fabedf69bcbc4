import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agency } from "../../e2e/support/agency.ts";
import { ms, times } from "../row.ts";
import type { Bench, Row } from "../row.ts";
import { interleave, median } from "../stats.ts";

const START_BUDGET_MS = 1_500;
const IDLE_BUDGET_MIB = 150;
const AGENCY = new URL("../../apps/cli/bin/agency.mjs", import.meta.url).pathname;

/** What people wait for before anything runs, and what a server costs that has nothing to do. */
export const startBench: Bench = async ({ quick }) => [
  ...(await server(quick ? 3 : 7)),
  await version(quick ? 8 : 20),
];

async function server(rounds: number): Promise<Row[]> {
  const home = await mkdtemp(join(tmpdir(), "agency-bench-start-"));
  // As root, the database runs as another user, who must be able to pass.
  await chmod(home, 0o711);
  try {
    // Makes the database: what follows are warm starts.
    await (await Agency.start({ home })).stop();
    const starts: number[] = [];
    const sizes: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const from = performance.now();
      const agency = await Agency.start({ home });
      starts.push(performance.now() - from);
      await agency.client.listTasks();
      sizes.push(await residentMib(agency.pid));
      await agency.stop();
    }
    const [start, size] = [median(starts), median(sizes)];
    return [
      {
        what: "warm start of the server until it is ready, database included",
        against: "a fixed budget",
        ours: ms(start),
        theirs: "",
        ratio: times(start / START_BUDGET_MS),
        target: `≤ ${START_BUDGET_MS} ms`,
        met: start <= START_BUDGET_MS,
      },
      {
        what: "resident memory of the idle server, PostgreSQL aside",
        against: "a fixed budget",
        ours: `${Math.round(size)} MiB`,
        theirs: "",
        ratio: times(size / IDLE_BUDGET_MIB),
        target: `≤ ${IDLE_BUDGET_MIB} MiB`,
        met: size <= IDLE_BUDGET_MIB,
      },
    ];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function version(rounds: number): Promise<Row> {
  const samples = await interleave(rounds, {
    ours: () => timeNode([AGENCY, "--version"]),
    theirs: () => timeNode(["-e", "0"]),
  });
  const [ours, theirs] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
  return {
    what: "agency --version",
    against: "node -e 0",
    ours: ms(ours),
    theirs: ms(theirs),
    ratio: times(ours / theirs),
    target: "≤ 2×",
    met: ours <= 2 * theirs,
  };
}

async function timeNode(args: string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(code)}`);
  return performance.now() - from;
}
