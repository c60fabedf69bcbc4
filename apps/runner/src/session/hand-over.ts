import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome, WorkOrder } from "@agency/contract";
import type { Engine } from "@agency/core";
import { privateFolder } from "../config.ts";
import type { RunnerConfig } from "../config.ts";
import { deliverRun } from "../delivery/deliver-run.ts";
import type { Delivered, DeliverOptions } from "../delivery/deliver-run.ts";
import { sendBlob } from "../uplink/blobs.ts";
import type { BlobWay } from "../uplink/blobs.ts";

export interface HandOverOptions
  extends
    BlobWay,
    Omit<DeliverOptions, "workspace" | "scratch" | "engineTitle" | "summary" | "isDone" | "store" | "order"> {
  config: RunnerConfig;
  order: WorkOrder;
  engines: Readonly<Record<string, Engine>>;
  /** What the run would be without the checks. */
  decided: Pick<Outcome, "state" | "summary">;
}

/** The end of a run, from the work in the workspace to what is handed back. */
export async function handOver(options: HandOverOptions): Promise<Delivered> {
  const { config, order, engines, decided } = options;
  const scratch = join(privateFolder(config), "delivery");
  await mkdir(scratch, { recursive: true });
  try {
    return await deliverRun({
      ...options,
      workspace: config.workspace,
      scratch,
      engineTitle: engines[order.engine]?.title ?? order.engine,
      summary: decided.state === "completed" ? decided.summary : "",
      isDone: decided.state === "completed",
      store: (signal) => async (header, path) => {
        const sent = await sendBlob(options, header, path, signal);
        return sent.kind === "stored" ? null : sent.why;
      },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}
