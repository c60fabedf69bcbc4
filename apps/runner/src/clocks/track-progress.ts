import { parsePrices, PRICE_TABLE, priceCall } from "@agency/core";
import type { Clock, EngineEvent, PriceTable } from "@agency/core";
import type { RunState } from "./run-state.ts";

/** Turns what happens into the few facts the clocks decide on. */
export interface ProgressTracker {
  engineEvent(event: EngineEvent): void;
  /** Work without events of its own began: a model request, a wait for the journal. Call the result once at its end. */
  open(): () => void;
  contact(): void;
}

export function trackProgress(
  clock: Clock,
  state: RunState,
  poke: () => void,
  prices: PriceTable,
): ProgressTracker {
  const tools = new Set<string>();
  const responses = new Set<string>();

  function close(): void {
    state.openWork -= 1;
    state.lastProgressAt = clock.now();
    if (state.openWork === 0) poke();
  }

  function countTool(event: EngineEvent): void {
    if (event.type === "tool_start" && !tools.has(event.data.id)) {
      tools.add(event.data.id);
      state.openWork += 1;
    }
    if (event.type === "tool_end" && tools.delete(event.data.id)) close();
  }

  function countTurn(event: EngineEvent): void {
    if (event.type !== "engine_usage") return;
    responses.add(event.data.key);
    state.turns = responses.size;
    state.costUsd += priceCall(event.data, prices).costUsd;
    if (state.turns > state.limits.turns) poke();
  }

  return {
    engineEvent(event) {
      state.lastProgressAt = clock.now();
      countTool(event);
      countTurn(event);
    },
    open() {
      state.openWork += 1;
      let open = true;
      return () => {
        if (open) close();
        open = false;
      };
    },
    contact() {
      state.lastContactAt = clock.now();
    },
  };
}

/** The prices the broker counts with. Ones that cannot be read leave the shipped ones: a limit too early, none too late. */
export function pricesOf(own: string | undefined): PriceTable {
  const parsed = own === undefined ? null : parsePrices(own);
  return parsed?.ok === true ? parsed.table : PRICE_TABLE;
}
