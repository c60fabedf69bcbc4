import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import type { CallMeter } from "./call-meter.ts";
import { leftUsage } from "./left-usage.ts";
import type { RouteContext } from "./route-context.ts";

/** One admitted call, from its admission to its settlement. */
export interface OpenCall {
  readonly context: RouteContext;
  readonly caller: ModelCaller;
  readonly meter: CallMeter;
  /** Aborts when the engine has gone, when the attempt is fenced, when the call has taken too long. */
  readonly signal: AbortSignal;
  /** The vendor is being asked: from now on it may bill, answered or not. */
  sent(): void;
  /** What to tell the engine, should it still listen, once the signal has aborted. */
  abortError(): ApiError;
  /** Records what was seen and settles. Only the first of them counts. */
  finish(end: End): Promise<void>;
  /** Settles a call that the vendor did not bill. */
  drop(): Promise<void>;
  /** Nothing streams any more. */
  release(): void;
}

interface End {
  readonly status: number;
  readonly complete: boolean;
  /** The vendor was left in the middle of its work. */
  readonly left?: boolean;
}

interface Admitted {
  readonly caller: ModelCaller;
  readonly reservation: string;
  readonly model: string;
  readonly maxTokens: number;
  readonly inputBytes: number;
  readonly meter: CallMeter;
  readonly engine: AbortSignal;
  /** Called once, when nothing of it is open any more. */
  readonly over: () => void;
}

export function openCall(context: RouteContext, admitted: Admitted): OpenCall {
  const { caller, reservation, model, maxTokens, inputBytes, meter, engine, over } = admitted;
  const startedAt = context.now();
  const watch = context.fence.watch(caller);
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), context.limits.callMs);
  let closed: Promise<void> | undefined;
  let released = false;
  let isSent = false;
  const signal = AbortSignal.any([engine, watch.signal, tooLong.signal]);

  return {
    context,
    caller,
    meter,
    signal,
    sent() {
      isSent ||= !signal.aborted;
    },
    abortError() {
      if (watch.signal.aborted) return apiErrors.fenced();
      return tooLong.signal.aborted ? apiErrors.slow("CALL_TIMEOUT") : apiErrors.callerGone();
    },
    finish(end) {
      return (closed ??= context.ledger.close(caller, reservation, callsOf(end)));
    },
    drop() {
      return (closed ??= context.ledger.close(caller, reservation, []));
    },
    release() {
      if (released) return;
      released = true;
      clearTimeout(timer);
      watch.release();
      over();
    },
  };

  function callsOf({ status, complete, left = signal.aborted }: End) {
    const durationMs = Math.max(0, Math.round(context.now() - startedAt));
    const names = { key: `call_${crypto.randomUUID()}`, model };
    const rest = { vendor: context.vendor.id, status, durationMs, partial: !complete };
    const shares = meter.shares(names, complete);
    const [first, ...others] = shares;
    const isLeft = isSent && left && !complete && first !== undefined;
    const bill = { inputBytes, maxTokens, durationMs };
    const counted = isLeft ? [{ ...first, usage: leftUsage(first.usage, bill) }, ...others] : shares;
    return counted.map((share) => ({ ...share, ...rest }));
  }
}
