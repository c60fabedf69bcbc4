/** Where blobs live. A key is `a/b/c` of `[A-Za-z0-9._-]+` parts; anything else is refused. */
export interface Storage {
  /** Atomic: a reader sees the whole object or none. */
  put(key: string, body: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
  delete(key: string): Promise<void>;
  deletePrefix(prefix: string): Promise<void>;
}
