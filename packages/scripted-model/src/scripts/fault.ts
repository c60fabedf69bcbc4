interface Limited {
  /** How many requests for this step it spoils; every one when left out. */
  times?: number;
  /** Only requests that come with this credential. */
  key?: string;
}

/** Goes wrong before the first byte of the answer. */
type EarlyFault =
  | { kind: "status"; status: number; retryAfterS?: number; message?: string }
  /** The credential is used up for so long, as both vendors say it. */
  | { kind: "usageLimit"; resetInS: number }
  | { kind: "delay"; ms: number }
  | { kind: "hangBeforeHeaders" };

/** Goes wrong in the middle of the answer, after about half of it was sent. */
type MidwayFault = { kind: "hangMidStream" | "cutMidStream" | "invalidJson" | "errorMidStream" };

/** The transport is fine; the answer itself is unusual. All but an empty one count as given, so the next step follows. */
type ContentFault =
  | { kind: "empty" | "maxTokens" | "refusal" | "unknownTool" }
  | { kind: "hugeText"; chars: number };

export type Fault = Limited &
  (EarlyFault | MidwayFault | ContentFault | { kind: "drip"; chars: number; everyMs: number });

/** The ways a model API fails, each as a value for `Step.fault`. */
export const fault = {
  status: (status: number, options: { retryAfterS?: number; message?: string } & Limited = {}): Fault => ({
    kind: "status",
    status,
    ...options,
  }),
  usageLimit: (resetInS: number, options: Limited = {}): Fault => ({
    kind: "usageLimit",
    resetInS,
    ...options,
  }),
  delay: (ms: number, options: Limited = {}): Fault => ({ kind: "delay", ms, ...options }),
  drip: (chars: number, everyMs: number, options: Limited = {}): Fault => ({
    kind: "drip",
    chars,
    everyMs,
    ...options,
  }),
  hangBeforeHeaders: (options: Limited = {}): Fault => ({ kind: "hangBeforeHeaders", ...options }),
  hangMidStream: (options: Limited = {}): Fault => ({ kind: "hangMidStream", ...options }),
  cutMidStream: (options: Limited = {}): Fault => ({ kind: "cutMidStream", ...options }),
  invalidJson: (options: Limited = {}): Fault => ({ kind: "invalidJson", ...options }),
  errorMidStream: (options: Limited = {}): Fault => ({ kind: "errorMidStream", ...options }),
  hugeText: (chars: number): Fault => ({ kind: "hugeText", chars }),
  empty: (options: Limited = {}): Fault => ({ kind: "empty", ...options }),
  maxTokens: (): Fault => ({ kind: "maxTokens" }),
  refusal: (): Fault => ({ kind: "refusal" }),
  unknownTool: (): Fault => ({ kind: "unknownTool" }),
};

/**
 * Several faults follow each other: each spoils its `times` requests, then the next one has its turn. Those of
 * another credential are not there for this one.
 */
export function faultForAttempt(
  faults: Fault | readonly Fault[],
  attempt: number,
  key?: string,
): Fault | undefined {
  let before = 0;
  for (const candidate of [faults].flat()) {
    if (candidate.key !== undefined && candidate.key !== key) continue;
    before += candidate.times ?? Number.POSITIVE_INFINITY;
    if (attempt < before) return candidate;
  }
  return undefined;
}
