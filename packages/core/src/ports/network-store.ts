import type { Network } from "@agency/contract";
import type { AuditRow } from "./secret-store.ts";

/** What an account says of the networks of its tasks. */
export interface NetworkSettings {
  /** By name; the built-in one is not among them. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Host patterns that are closed to every task. */
  readonly closed: readonly string[];
  /** Of new tasks that do not say; null: not set. */
  readonly defaultNetwork: Network | null;
}

export interface NetworkChange {
  readonly settings: NetworkSettings;
  /** Null: nothing changed, and nothing is written. */
  readonly audit: AuditRow | null;
}

export interface NetworkStore {
  read(accountId: string): Promise<NetworkSettings>;
  /** What one connection is judged by: of the lists only those named, as far as they exist. */
  rulesOf(accountId: string, lists: readonly string[]): Promise<Pick<NetworkSettings, "lists" | "closed">>;
  /**
   * Judged under the account's lock, so that of two changes at once none is lost, and written in one transaction
   * with its entry in the audit log. Every server hears of it. What `decide` throws is thrown, and changes nothing.
   */
  change(accountId: string, decide: (now: NetworkSettings) => NetworkChange): Promise<NetworkSettings>;
}
