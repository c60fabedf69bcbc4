import type { Operation } from "./operations.ts";

/** What goes wrong with one request. */
export type Fault =
  /** Refused, once its body has come. */
  | { kind: "status"; status: number; code: string }
  /** The connection is gone after so many bytes of the request's body, or of the answer's. */
  | { kind: "cut-request"; afterBytes: number }
  | { kind: "cut-answer"; afterBytes: number }
  /** Carried out, and the answer lost. */
  | { kind: "lose-answer" }
  /** Nothing happens between `reached` and `until`. */
  | { kind: "slow"; reached?: () => void; until: Promise<void> };

export interface Faults {
  /** The next requests for `operation` meet these, one each. */
  next(operation: Operation, ...faults: Fault[]): void;
  /** Every request for `operation` meets it. */
  always(operation: Operation, fault: Fault): void;
  /** No request meets any more of them. */
  end(): void;
  take(operation: Operation): Fault | null;
}

export function createFaults(): Faults {
  const waiting = new Map<Operation, Fault[]>();
  const lasting = new Map<Operation, Fault>();
  return {
    next(operation, ...faults) {
      waiting.set(operation, [...(waiting.get(operation) ?? []), ...faults]);
    },
    always: (operation, fault) => void lasting.set(operation, fault),
    end() {
      waiting.clear();
      lasting.clear();
    },
    take: (operation) => waiting.get(operation)?.shift() ?? lasting.get(operation) ?? null,
  };
}
