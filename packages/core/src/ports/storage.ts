/** What is kept of an object besides its bytes. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Another one after every change of the content. Of `local` the sha256 itself, of `s3` whatever the server says. */
  readonly etag: string;
  /** Hex; null when nobody named it before a long upload began, or somebody else put the object there. */
  readonly sha256: string | null;
  readonly mediaType: string;
  /** When it was stored, in ms since 1970. */
  readonly at: number;
}

export type ListedObject = Pick<StoredObject, "key" | "bytes" | "at">;

export interface WriteOptions {
  /** What the body must turn out to be; when it does not, nothing is stored and the write is an `invalid_request`. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** Default application/octet-stream. */
  readonly mediaType?: string | undefined;
}

/** From the byte `from` up to, not including, the byte `to`; cut to what there is, as `slice` does. */
export interface ByteRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface ObjectRead {
  readonly object: StoredObject;
  /** Read it to its end or cancel it: it holds a file or a connection. */
  readonly body: ReadableStream<Uint8Array>;
}

export interface ObjectPage {
  readonly objects: ListedObject[];
  /** Give it as `after` to get the next page; null: there is none. */
  readonly next: string | null;
}

export interface SignedUpload {
  readonly url: string;
  /** To be sent exactly like this, or the upload is refused. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Where blobs live. A key is `a/b/c` of `[A-Za-z0-9._-]+` parts; anything else is refused with
 * `invalid_request`. What keeps a call from being carried out is an AgencyError `unavailable`.
 */
export interface Storage {
  /**
   * Atomic and durable: a reader sees the whole object or none, and once it has resolved no crash takes it back.
   * Of several writers of one key one wins whole.
   */
  put(key: string, body: Uint8Array): Promise<void>;
  /** As `put`, in bounded memory. An error of `body` is passed on as it is; nothing is stored then. */
  write(key: string, body: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<StoredObject>;
  get(key: string): Promise<Uint8Array | null>;
  /**
   * The object as it was at this moment, whatever is written there later. Whole, it is checked against its sha256: one
   * that is another breaks off before its last byte, but for who is to judge that and asks for it `unchecked`.
   */
  read(key: string, range?: ByteRange, how?: { unchecked?: boolean }): Promise<ObjectRead | null>;
  stat(key: string): Promise<StoredObject | null>;
  /**
   * Whether it is these very bytes, by what the storage itself computed, not by what was said of them; where it did
   * not, they are all read.
   */
  compare(key: string, told: { bytes: number; sha256: string }): Promise<"same" | "other" | "missing">;
  /** What is under the folder `prefix`, by key; `limit` from 1 to 1000 (default). */
  list(
    prefix: string,
    page?: { after?: string | undefined; limit?: number | undefined },
  ): Promise<ObjectPage>;
  /** Idempotent. */
  delete(key: string): Promise<void>;
  /** Everything under the folder `prefix`: of `a/b` goes `a/b/c`, not `a/bc` and not `a/b` itself. Idempotent. */
  deletePrefix(prefix: string): Promise<void>;
  /** Removes what writes left that began before `before` (ms) and died. It was never visible. */
  sweep(before: number): Promise<void>;
  /** An address to download from without passing through us; null when this storage has none. */
  signGet(key: string, grant: { expiresMs: number; filename: string }): Promise<string | null>;
  /** An address to upload exactly this to with PUT; null when this storage has none, or none for so many bytes. */
  signPut(
    key: string,
    grant: { expiresMs: number; bytes: number; sha256?: string | undefined },
  ): Promise<SignedUpload | null>;
}
