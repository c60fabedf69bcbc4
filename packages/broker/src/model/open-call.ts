import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import type { CallMeter } from "./call-meter.ts";
import type { RouteContext } from "./route-context.ts";

/** One admitted call, from its admission to its settlement. */
export interface OpenCall {
  readonly context: RouteContext;
  readonly caller: ModelCaller;
  readonly model: string;
  readonly meter: CallMeter;
  /** Aborts when the engine has gone, when the attempt is fenced, when the call has taken too long. */
  readonly signal: AbortSignal;
  /** What to tell the engine, should it still listen, once the signal has aborted. */
  abortError(): ApiError;
  /** Records what was seen and settles. Only the first of them counts. */
  finish(end: { status: number; complete: boolean }): Promise<void>;
  /** Settles a call that the vendor did not bill. */
  drop(): Promise<void>;
  /** Nothing streams any more. */
  release(): void;
}

interface Admitted {
  readonly caller: ModelCaller;
  readonly reservation: string;
  readonly model: string;
  readonly meter: CallMeter;
  readonly engine: AbortSignal;
}

export function openCall(context: RouteContext, admitted: Admitted): OpenCall {
  const { caller, reservation, model, meter, engine } = admitted;
  const startedAt = context.now();
  const watch = context.fence.watch(caller);
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), context.limits.callMs);
  let closed: Promise<void> | undefined;
  let released = false;

  return {
    context,
    caller,
    model,
    meter,
    signal: AbortSignal.any([engine, watch.signal, tooLong.signal]),
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
    },
  };

  function callsOf({ status, complete }: { status: number; complete: boolean }) {
    const durationMs = Math.max(0, Math.round(context.now() - startedAt));
    const names = { key: `call_${crypto.randomUUID()}`, model };
    const rest = { vendor: context.vendor.id, status, durationMs, partial: !complete };
    return meter.shares(names, complete).map((share) => ({ ...share, ...rest }));
  }
}
