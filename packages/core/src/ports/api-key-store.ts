export interface ApiKeyRecord {
  readonly id: string;
  readonly accountId: string;
  readonly hmac: Uint8Array;
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
}
