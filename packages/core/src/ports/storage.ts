/**
 * Where blobs live. A key is `a/b/c` of `[A-Za-z0-9._-]+` parts; anything else is refused with
 * `invalid_request`. What keeps a call from being carried out is an AgencyError `unavailable`.
 */
export interface Storage {
  /** Atomic and durable: a reader sees the whole object or none, and once it has resolved no crash takes it back. */
  put(key: string, body: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
  /** Idempotent. */
  delete(key: string): Promise<void>;
  /** Everything under the folder `prefix`: of `a/b` goes `a/b/c`, not `a/bc` and not `a/b` itself. Idempotent. */
  deletePrefix(prefix: string): Promise<void>;
}
