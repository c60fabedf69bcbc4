import type { Socket } from "node:net";
import type { AttemptCaller, Clock, Fence, Logger } from "@agency/core";
import { addressKind } from "../address/address-kind.ts";
import { createOwnAddresses } from "../address/own-addresses.ts";
import { connectTarget } from "./connect-target.ts";
import type { ConnectDeps } from "./connect-target.ts";
import { createConnectionCount } from "./connection-count.ts";
import type { ConnectionLimits } from "./connection-count.ts";
import { dialSocket } from "./dial-first.ts";
import { createOpenConnections } from "./open-connections.ts";
import { failed } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { attemptKey, createAttemptReports } from "../reports/attempt-reports.ts";
import { createResolver } from "./resolve-host.ts";
import { alikeConnections } from "./sum-reports.ts";
import type { NetworkReport } from "./sum-reports.ts";
import { parseTarget } from "./target.ts";
import { tendSocket } from "./tend-socket.ts";

export interface EgressDeps
  extends
    Pick<ConnectDeps, "policyOf">,
    Partial<Pick<ConnectDeps, "resolve" | "dial" | "kindOf" | "ownAddresses">> {
  report: (caller: AttemptCaller, data: NetworkReport) => void;
  fence: Fence;
  clock: Clock;
  logger: Logger;
  limits?: ConnectionLimits;
}

export interface Egress {
  /**
   * Opens one connection for an attempt to `host:port`, or says why not. The socket is cut when the attempt is
   * fenced or the signal aborts, and reported when it closes: whoever pipes it has nothing more to do. Never rejects.
   */
  open(
    caller: AttemptCaller,
    authority: string,
    via: NetworkReport["via"],
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly socket: Socket } | Refusal>;
  /** The rules of an account changed, or may have for every one (null): what they close by now is cut. */
  judgeAgain(accountId: string | null): Promise<void>;
  /** Once the sandbox is gone: reports what it still had open, and what was held back, while its log is open. */
  drain(caller: AttemptCaller): Promise<void>;
  /** Cuts what is open and reports it. */
  close(): void;
}

/** A sandbox's end closes its connections within milliseconds; a task's end must not wait for one that lingers. */
const DRAIN_MS = 1_000;
const LIMITS: ConnectionLimits = { perAttempt: 256, inAll: 4_000 };

/** The way out for every sandbox: judges, dials and reports the connections agents ask for. */
export function createEgress(deps: EgressDeps): Egress {
  const { clock, fence, logger } = deps;
  const io = withDefaults(deps);
  const count = createConnectionCount(deps.limits ?? LIMITS);
  const reports = createAttemptReports(clock, alikeConnections, deps.report);
  const open = createOpenConnections(deps);

  function begin(
    caller: AttemptCaller,
    authority: string,
    via: NetworkReport["via"],
  ): (end: Outcome) => void {
    const startedAt = clock.now();
    return (end) => {
      const durationMs = Math.max(0, Math.round(clock.now() - startedAt));
      reports.add(caller, { ...placeOf(authority), via, durationMs, count: 1, ...end });
    };
  }

  return {
    async open(caller, authority, via, gone) {
      const report = begin(caller, authority, via);
      const place = count.enter(attemptKey(caller));
      if (typeof place !== "function") return refused(place, report);
      const watched = fence.watch(caller);
      const leave = (): void => {
        watched.release();
        place();
      };
      const signals = { gone, fenced: watched.signal };
      const revision = open.revision();
      const reached = await connectTarget(io, caller, authority, signals).catch(faultOf(logger, caller));
      if (!reached.ok) {
        leave();
        return refused(reached, report);
      }
      const { socket, address, target } = reached;
      const cut = tendSocket(socket, signals, (reason) => {
        leave();
        report({ verdict: "allowed", address, ...bytesOf(socket), ...(reason === null ? {} : { reason }) });
      });
      open.add({ caller, target, address, socket, cut }, revision);
      return { ok: true, socket };
    },
    judgeAgain: open.judgeAgain,
    async drain(caller) {
      const seen = new AbortController();
      const none = count.whenNone(attemptKey(caller));
      await Promise.race([none, clock.sleep(DRAIN_MS, seen.signal)]);
      seen.abort();
      reports.flush(caller);
    },
    close() {
      open.close();
      reports.close();
    },
  };
}

function withDefaults(deps: EgressDeps): ConnectDeps {
  const { clock, policyOf } = deps;
  return {
    policyOf,
    resolve: deps.resolve ?? createResolver(),
    dial: deps.dial ?? dialSocket,
    kindOf: deps.kindOf ?? addressKind,
    ownAddresses: deps.ownAddresses ?? createOwnAddresses(clock),
    clock,
  };
}

type Outcome = Pick<NetworkReport, "verdict" | "reason" | "address" | "bytesIn" | "bytesOut">;

const FAULT = failed(
  "unreachable",
  "Agency could not judge the connection because of a fault of its own. Try again.",
);

function faultOf(logger: Logger, { taskId }: AttemptCaller): (error: unknown) => Refusal {
  return (error) => {
    logger.error({ err: error, taskId }, "a connection of a task could not be judged");
    return FAULT;
  };
}

function refused(refusal: Refusal, report: (end: Outcome) => void): Refusal {
  report({ verdict: refusal.verdict, reason: refusal.message, bytesIn: 0, bytesOut: 0 });
  return refusal;
}

function bytesOf({ bytesRead, bytesWritten }: Socket): { bytesIn: number; bytesOut: number } {
  return { bytesIn: bytesRead, bytesOut: bytesWritten };
}

/** What was asked for as an event can hold it. What is no target at all is shown, cut and with port 0. */
function placeOf(authority: string): { host: string; port: number } {
  const target = parseTarget(authority);
  if (target !== null) return { host: target.host, port: target.port };
  return { host: authority.replaceAll(/[^\x21-\x7e]/g, "?").slice(0, 255), port: 0 };
}
