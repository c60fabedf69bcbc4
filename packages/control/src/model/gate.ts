import { REASON_SENTENCES } from "@agency/contract";
import { priceCall, VENDORS } from "@agency/core";
import type {
  AttemptAccess,
  AttemptStore,
  BudgetRefusal,
  CostStore,
  Metrics,
  ModelAdmission,
  ModelCall,
  ModelCaller,
  ModelGate,
  ModelRequestFacts,
  PriceTable,
  ReserveOutcome,
  TaskStore,
} from "@agency/core";
import type { Tokens } from "../access/tokens.ts";
import { uuidv7 } from "../ids.ts";
import { attemptOver, overBudget } from "./over-budget.ts";
import { changedCredential, usedUp } from "./usage-limit.ts";
import type { UsageLimitDeps } from "./usage-limit.ts";
import { callBounds } from "./worst-case.ts";

export interface ModelGateDeps extends UsageLimitDeps {
  attempts: Pick<AttemptStore, "find">;
  tokens: Tokens;
  tasks: Pick<TaskStore, "load" | "apply">;
  costs: Pick<CostStore, "reserve" | "release" | "record">;
  metrics: Pick<Metrics, "modelCall">;
  prices: PriceTable;
  /** dearest: a model that is not in the table is priced as the most expensive one that is. */
  unknownModels: "dearest" | "refuse";
}

/** A hold without an end of its own, in case the word to proceed gets lost. */
const ASK_AGAIN_MS = 15_000;
const SOONEST_MS = 1_000;
/** A vendor's reset can be days away, which is more than a timer takes. */
const LONGEST_MS = 3_600_000;
/** Calls of one task end every few seconds. */
const BUSY_MS = 250;

/** What the model broker asks before and after each call: who is it, may it, what did it cost. */
export function createModelGate(deps: ModelGateDeps): ModelGate {
  return {
    async authorize(vendor, placeholder) {
      // Each vendor has a kind of token of its own: one vendor's placeholder opens no other.
      const kind = VENDORS.find((known) => known === vendor);
      const attemptId = kind === undefined ? null : deps.tokens.check(kind, placeholder);
      const access = attemptId === null ? null : await deps.attempts.find(attemptId);
      if (access === null) return { refused: "unknown" };
      // An attempt that only waits is let in: its calls are held, not refused.
      if (!access.live || !access.working || access.epoch !== access.taskEpoch) return { refused: "fenced" };
      return callerOf(access);
    },
    admit: (caller, request) => admit(deps, caller, request),
    record: (caller, call) => record(deps, caller, call),
    settle: (_caller, reservation) => deps.costs.release(reservation),
    usedUp: (caller, limit) => usedUp(deps, caller, limit),
    changedCredential: (caller, limit, next) => changedCredential(deps, caller, limit, next),
  };
}

function callerOf(access: AttemptAccess): ModelCaller {
  const { taskId, accountId, epoch, demo, onUsageLimit, strictEgress, hold, holdUntil } = access;
  const caller = { taskId, accountId, epoch, demo, onUsageLimit, strictEgress };
  return hold === null ? caller : { ...caller, hold: { reason: hold, until: holdUntil } };
}

async function admit(
  deps: ModelGateDeps,
  caller: ModelCaller,
  request: ModelRequestFacts,
): Promise<ModelAdmission> {
  const at = deps.now();
  if (caller.hold !== undefined) return held(caller.hold, at);
  const { usd, inputUsd, unknownModel } = callBounds(request, deps.prices);
  if (unknownModel && deps.unknownModels === "refuse") return noPrice(request.model);
  const id = uuidv7(at);
  const { taskId, epoch } = caller;
  const { vendor, model } = request;
  const reserve = () => deps.costs.reserve({ id, taskId, epoch, vendor, model, usd, inputUsd, at });
  const first = await reserve();
  if (!isUsedUp(first)) return admissionOf(id, first);
  const refused = await overBudget(deps, caller, first);
  if (!("hold" in refused)) return refused;
  // The cap may have been raised between the refusal and the wait, when there was no wait yet that could be ended.
  const second = await reserve();
  if (isUsedUp(second)) return refused;
  await deps.tasks.apply(taskId, { kind: "proceed", id: "budget" }, deps.now());
  return admissionOf(id, second);
}

function isUsedUp(outcome: ReserveOutcome): outcome is BudgetRefusal {
  return !outcome.ok && outcome.scope !== "fenced" && !outcome.onlyReserved;
}

function admissionOf(id: string, outcome: Exclude<ReserveOutcome, { onlyReserved: false }>): ModelAdmission {
  if (outcome.ok) return { ok: true, reservation: id };
  if (outcome.scope === "fenced") return attemptOver();
  const message = "The calls under way may use up the budget: this one waits for them.";
  return { ok: false, hold: "busy", retryMs: BUSY_MS, message };
}

function held({ reason, until }: NonNullable<ModelCaller["hold"]>, now: number): ModelAdmission {
  const left = until === null ? ASK_AGAIN_MS : Math.max(until - now, SOONEST_MS);
  const { what, next } = REASON_SENTENCES[reason];
  return { ok: false, hold: reason, retryMs: Math.min(left, LONGEST_MS), message: `${what} ${next}` };
}

function noPrice(model: string): ModelAdmission {
  const message = `No price is known for the model ${JSON.stringify(model.slice(0, 100))}, and this server makes no call it cannot price. Its operator can add one in the file AGENCY_PRICES names.`;
  return { ok: false, status: 403, type: "permission_error", message };
}

async function record(deps: ModelGateDeps, caller: ModelCaller, call: ModelCall): Promise<void> {
  const { accountId, taskId, epoch } = caller;
  const { vendor, model, key, usage, status, durationMs, partial } = call;
  const at = deps.now();
  const { costUsd, estimated } = priceCall({ model, ...usage }, deps.prices);
  const cost = { key, usage, costUsd, estimated, partial, status, durationMs, at };
  await deps.costs.record({ id: uuidv7(at), accountId, taskId, epoch, vendor, model, ...cost });
  deps.metrics.modelCall(vendor, model, costUsd);
}
