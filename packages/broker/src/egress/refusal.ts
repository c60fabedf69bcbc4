export type RefusalReason =
  | "bad_target"
  | "no_network"
  | "not_listed"
  | "list_gone"
  | "closed_host"
  | "closed_port"
  | "closed_name"
  | "closed_address"
  | "closed_literal"
  | "too_many"
  | "over"
  | "unknown_host"
  | "connection_refused"
  | "unreachable"
  | "slow"
  | "gone";

/** Why a connection was not made. The message is for a person and for an agent alike. */
export interface Refusal {
  readonly ok: false;
  readonly verdict: "denied" | "failed";
  readonly status: 403 | 502 | 504;
  readonly reason: RefusalReason;
  readonly message: string;
}

export function denied(reason: RefusalReason, message: string): Refusal {
  return { ok: false, verdict: "denied", status: 403, reason, message };
}

export function failed(reason: RefusalReason, message: string): Refusal {
  return { ok: false, verdict: "failed", status: reason === "slow" ? 504 : 502, reason, message };
}
