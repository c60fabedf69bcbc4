import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Agency } from "../../e2e/support/agency.ts";
import { processorMs } from "../lab/processor-time.ts";
import { ms, times } from "../row.ts";
import type { Bench, Row } from "../row.ts";
import { interleave, median } from "../stats.ts";

const MiB = 1024 * 1024;
const WORKSPACE_BYTES = 125 * MiB;
const RECEIVER = new URL("../lab/plain-receiver.ts", import.meta.url).pathname;

/** 125 MB each: the one makes an archive of next to nothing, of the other every byte is sent. */
const COMMANDS = {
  none: "echo small > small.txt",
  compressible: `yes 'const answer = 42;' | head -c ${WORKSPACE_BYTES} > large.ts`,
  random: `head -c ${WORKSPACE_BYTES} /dev/urandom > large.bin`,
};
type Work = keyof typeof COMMANDS;

/** The server makes no archive: the sandbox does. */
const MAKING_TARGET = 0.2;
const TAKING_TARGET = 2;

/** What the archive of 125 MB costs the server: its making, and the taking of its bytes. */
export const takingBench: Bench = async ({ quick }) => {
  await using agency = await Agency.start();
  const runs = new Runs(agency);
  const receiver = await startReceiver(join(agency.home, "received.bin"));
  try {
    const samples = await interleave(quick ? 4 : 7, {
      none: () => runs.spent("none"),
      compressible: () => runs.spent("compressible"),
      random: () => runs.spent("random"),
      plain: () => receiver.spent(runs.stored("random")),
      own: () => Promise.resolve(spentOnArchiving(agency.home)),
    });
    const of = (arm: string): number => median(samples[arm]?.slice(1) ?? []);
    const making = Math.max(0, of("compressible") - of("none"));
    const taking = of("random") - of("none");
    return [makingRow(making, of("own")), takingRow(taking, of("plain"), runs.stored("random"))];
  } finally {
    receiver.stop();
  }
};

function makingRow(ours: number, theirs: number): Row {
  return {
    what: "server's processor time while 125 MB become an archive",
    against: "tar | zstd -1 on the server",
    ours: ms(ours),
    theirs: ms(theirs),
    ratio: times(ours / theirs),
    target: `≤ ${MAKING_TARGET}×`,
    met: ours / theirs <= MAKING_TARGET,
  };
}

function takingRow(ours: number, theirs: number, bytes: number): Row {
  const perMb = (spent: number) => `${ms(spent)}, ${((spent / bytes) * 1e6).toFixed(1)} ms a MB`;
  return {
    what: `server's processor time for taking ${Math.round(bytes / 1e6)} MB: archive and checkpoint`,
    against: "a bare server that hashes and writes them",
    ours: perMb(ours),
    theirs: perMb(theirs),
    ratio: times(ours / theirs),
    target: `≤ ${TAKING_TARGET}×`,
    met: ours / theirs <= TAKING_TARGET,
  };
}

/** Runs of the product, and the processor time each took of the server. */
class Runs {
  readonly #agency: Agency;
  readonly #stored = new Map<Work, number>();

  constructor(agency: Agency) {
    this.#agency = agency;
  }

  async spent(work: Work): Promise<number> {
    const { client, pid } = this.#agency;
    const from = processorMs(pid);
    const { id } = await client.createTask({ prompt: "Do it.", engine: "command", command: COMMANDS[work] });
    const { task, events } = await this.#agency.finished(id);
    const spent = processorMs(pid) - from;
    if (task.state !== "completed") throw new Error(await this.#agency.story(id));
    await client.deleteTask(id);
    const bytes = events.map(({ type, data }) =>
      type === "checkpoint" || type === "artifact" ? (data.bytes ?? 0) : 0,
    );
    this.#stored.set(
      work,
      bytes.reduce((sum, one) => sum + one, 0),
    );
    return spent;
  }

  /** The bytes that the last run of such work sent. */
  stored(work: Work): number {
    return this.#stored.get(work) ?? 0;
  }
}

interface Receiver {
  spent(bytes: number): Promise<number>;
  stop(): void;
}

async function startReceiver(to: string): Promise<Receiver> {
  const child = spawn(process.execPath, [RECEIVER, to], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const piece = randomBytes(MiB);
  return {
    async spent(bytes) {
      const from = processorMs(child.pid ?? 0);
      const sending = request({ host: "127.0.0.1", port, method: "PUT" });
      const answered = once(sending, "response");
      await pipeline(Readable.from(repeated(piece, bytes)), sending);
      const [response] = (await answered) as [NodeJS.ReadableStream];
      response.resume();
      await once(response, "end");
      const spent = processorMs(child.pid ?? 0) - from;
      await rm(to);
      return spent;
    },
    stop: () => child.kill(),
  };
}

function* repeated(piece: Buffer, bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

/** What it would be if the server made the archive itself. */
function spentOnArchiving(folder: string): number {
  const file = join(folder, "large.ts");
  const script = `${COMMANDS.compressible.replace("large.ts", file)}
    { time tar -C ${folder} -cf - large.ts | zstd -q -1 -f -o ${file}.zst; } 2>&1; rm ${file} ${file}.zst`;
  const env = { ...process.env, TIMEFORMAT: "%U %S" };
  const { stdout, status } = spawnSync("bash", ["-c", script], { encoding: "utf8", env });
  const [user = Number.NaN, system = Number.NaN] = stdout.trim().split(" ").map(Number);
  if (status !== 0 || Number.isNaN(user + system)) throw new Error("apt-get install tar zstd");
  return (user + system) * 1000;
}
