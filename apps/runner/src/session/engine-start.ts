import { UPLINK_PATHS } from "@agency/contract";
import type { WorkOrder } from "@agency/contract";
import { judgesTools, judgeTool } from "@agency/core";
import type { Engine, EngineLimits, EngineStart } from "@agency/core";
import type { RunnerConfig } from "../config.ts";
import type { Asks } from "./asks.ts";

export interface EngineStartOptions {
  engine: Pick<Engine, "capabilities">;
  order: WorkOrder;
  config: RunnerConfig;
  env: Record<string, string>;
  forwarderUrl: string;
  asks: Asks;
  drain: Pick<EngineLimits, "drainMs" | "killGraceMs">;
  /** The session of a restored checkpoint. */
  resume?: EngineStart["resume"] | null;
}

/** What a task wants that its engine cannot do; null when it can do all of it. Nothing is left out in silence. */
export function engineProblem(
  { id, capabilities }: Pick<Engine, "id" | "capabilities">,
  order: WorkOrder,
): string | null {
  if (capabilities.toolGate === "every-call" || !judgesTools(order)) return null;
  return `The engine "${id}" runs its tools without asking, so approvals and rules for commands cannot be kept. Take another engine, or leave them out.`;
}

/** Turns and money are counted by the runner and the broker, who can be told to allow more; the engine cannot. */
export function engineStart({
  engine,
  order,
  config,
  env,
  forwarderUrl,
  asks,
  drain,
  resume,
}: EngineStartOptions): EngineStart {
  const { capabilities } = engine;
  return {
    cwd: config.workspace,
    home: config.home,
    env,
    sessionId: order.sessionId,
    limits: { turns: null, costUsd: null, ...drain },
    modelApis: modelApis(capabilities.vendors, order, forwarderUrl),
    ...(resume === null || resume === undefined ? {} : { resume }),
    ...(order.model === null ? {} : { model: order.model }),
    ...(order.command === null ? {} : { command: order.command }),
    ...(judgesTools(order) ? { gate: gateOf(order, asks) } : {}),
    ...(order.questions && capabilities.questions
      ? { ask: (id, questions, signal) => asks.question(id, questions, signal) }
      : {}),
  };
}

function modelApis(
  vendors: Engine["capabilities"]["vendors"],
  order: WorkOrder,
  forwarderUrl: string,
): EngineStart["modelApis"] {
  const apis = vendors.flatMap((vendor) => {
    const key = order.modelKeys[vendor];
    return key === undefined
      ? []
      : [[vendor, { baseUrl: `${forwarderUrl}${UPLINK_PATHS.model}/${vendor}`, key }]];
  });
  return Object.fromEntries(apis) as EngineStart["modelApis"];
}

function gateOf(order: WorkOrder, asks: Asks): NonNullable<EngineStart["gate"]> {
  return async (call, signal) => {
    const verdict = judgeTool(call, order);
    switch (verdict.kind) {
      case "allow":
        return { allow: true };
      case "deny":
        return { allow: false, reason: verdict.reason };
      case "ask":
        return asks.approval(call, signal);
    }
  };
}
