import type { EngineUsage } from "@agency/core";
import { countOf, fieldsOf } from "./read-value.ts";

export interface Tokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

type ByModel = Readonly<Record<string, Tokens>>;

/**
 * Two totals by model: what was said in usage events, and what the engine counts itself. Responses of the main
 * conversation are said one by one; those of sub-agents are not streamed, so the difference is said at each result.
 */
export interface UsageCount {
  said: ByModel;
  engine: ByModel;
}

const NONE: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function usageEvent(key: string, model: string, tokens: Tokens): EngineUsage {
  return { type: "engine_usage", data: { key, model, ...tokens } };
}

export function countSaid(usage: UsageCount, model: string, tokens: Tokens): UsageCount {
  return { ...usage, said: add(usage.said, model, tokens) };
}

/** `sinceLast` is the engine's own difference since its last result, in its own field names. */
export function reconcile(
  usage: UsageCount,
  sinceLast: unknown,
  key: string,
): { usage: UsageCount; events: EngineUsage[] } {
  let engine = usage.engine;
  for (const [model, counts] of Object.entries(fieldsOf(sinceLast)))
    engine = add(engine, model, toTokens(counts));
  const events: EngineUsage[] = [];
  let said = usage.said;
  for (const [model, total] of Object.entries(engine)) {
    const rest = minus(total, saidFor(said, model, Object.keys(engine)));
    if (Object.values(rest).every((count) => count === 0)) continue;
    said = add(said, model, rest);
    events.push(usageEvent(`${key}:${model}`, model, rest));
  }
  return { usage: { said, engine }, events };
}

/** The API may answer with a dated name for the model that was asked for; both are the same model. */
function saidFor(said: ByModel, model: string, engineModels: readonly string[]): Tokens {
  const same = Object.entries(said).filter(
    ([name]) => name === model || nameFor(name, engineModels) === model,
  );
  return same.reduce((total, [, tokens]) => plus(total, tokens), NONE);
}

function nameFor(name: string, engineModels: readonly string[]): string | undefined {
  if (engineModels.includes(name)) return name;
  return engineModels.find((model) => undated(model) === undated(name)) ?? engineModels[0];
}

function undated(model: string): string {
  return model.replace(/\[.*\]$/u, "").replace(/-\d{8}$/u, "");
}

function toTokens(counts: unknown): Tokens {
  const fields = fieldsOf(counts);
  return {
    input: countOf(fields["inputTokens"]),
    output: countOf(fields["outputTokens"]),
    cacheRead: countOf(fields["cacheReadInputTokens"]),
    cacheWrite: countOf(fields["cacheCreationInputTokens"]),
  };
}

function add(by: ByModel, model: string, tokens: Tokens): ByModel {
  return { ...by, [model]: plus(by[model] ?? NONE, tokens) };
}

function plus(a: Tokens, b: Tokens): Tokens {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

/** Never below zero: a response that was said but not yet counted by the engine is made up for at the next result. */
function minus(a: Tokens, b: Tokens): Tokens {
  return {
    input: Math.max(0, a.input - b.input),
    output: Math.max(0, a.output - b.output),
    cacheRead: Math.max(0, a.cacheRead - b.cacheRead),
    cacheWrite: Math.max(0, a.cacheWrite - b.cacheWrite),
  };
}
