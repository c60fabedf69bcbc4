export interface ApiKeyRecord {
  readonly id: string;
  readonly accountId: string;
  readonly hmac: Uint8Array;
  readonly revoked: boolean;
}

/** A key as its owner may see it. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly createdAt: number;
  readonly revoked: boolean;
}

export interface ApiKeyStore {
  find(id: string): Promise<ApiKeyRecord | null>;
  insert(key: {
    id: string;
    accountId: string;
    name: string;
    prefix: string;
    hmac: Uint8Array;
  }): Promise<void>;
  list(accountId: string): Promise<ApiKeyRow[]>;
  /** False when there is none that could be revoked. */
  revoke(accountId: string, id: string): Promise<boolean>;
}
