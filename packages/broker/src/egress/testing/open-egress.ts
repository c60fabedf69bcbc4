import type { AttemptCaller } from "@agency/core";
import { createCaptureLogger } from "../../testing/capture-logger.ts";
import { createEgress } from "../egress.ts";
import type { Egress, EgressDeps } from "../egress.ts";
import type { NetworkPolicy } from "../judge-target.ts";
import type { NetworkReport } from "../sum-reports.ts";

export const caller: AttemptCaller = { taskId: "task", accountId: "anna", epoch: 1 };

export interface OpenedEgress extends AsyncDisposable {
  readonly egress: Egress;
  readonly reports: NetworkReport[];
  readonly fenced: AbortController;
  /** How often the fence is watched now. */
  watched(): number;
  open(authority: string, signal?: AbortSignal): ReturnType<Egress["open"]>;
  nextReport(): Promise<NetworkReport>;
}

const realClock: EgressDeps["clock"] = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

type Given = Pick<NetworkPolicy, "network" | "allowInternalNetwork"> & Partial<NetworkPolicy>;

/** The rules of the account are those given, else none; `policy` may be changed while it is open. */
export function openEgress(policy: Given | null, deps: Partial<EgressDeps> = {}): OpenedEgress {
  const reports: NetworkReport[] = [];
  const waiting: ((report: NetworkReport) => void)[] = [];
  const fenced = new AbortController();
  let watched = 0;
  const egress = createEgress({
    policyOf: async () => (policy === null ? null : { lists: new Map(), closed: [], ...policy }),
    report(_caller, data) {
      reports.push(data);
      waiting.shift()?.(data);
    },
    fence: {
      watch() {
        watched += 1;
        return { signal: fenced.signal, release: () => void (watched -= 1) };
      },
    },
    clock: realClock,
    logger: createCaptureLogger(),
    ...deps,
  });
  return {
    egress,
    reports,
    fenced,
    watched: () => watched,
    open: (authority, signal = new AbortController().signal) =>
      egress.open(caller, authority, "connect", signal),
    nextReport: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      egress.close();
    },
  };
}
