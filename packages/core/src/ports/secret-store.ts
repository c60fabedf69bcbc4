/** A secret as it lies in the database: readable only with a master key that the database does not hold. */
export interface SealedSecret {
  /** Which master key wrapped the data key. */
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  readonly sealed: Uint8Array;
}

export interface SecretRow {
  readonly accountId: string;
  /** Empty: the whole account's. */
  readonly project: string;
  readonly name: string;
  readonly version: number;
  readonly kind: "api_key" | "oauth" | "app" | "token";
  readonly hint: string;
  readonly secret: SealedSecret;
  readonly checked: string | null;
  readonly updatedAt: number;
}

export interface TaskSecretRow {
  readonly accountId: string;
  readonly taskId: string;
  readonly name: string;
  readonly secret: SealedSecret;
}

export interface SecretStore {
  list(accountId: string): Promise<SecretRow[]>;
  /** The version the next `put` must carry: it is bound into what is sealed. */
  nextVersion(accountId: string, project: string, name: string): Promise<number>;
  /** One transaction with its entry in the audit log. False: somebody wrote this version first. */
  put(row: SecretRow, audit: AuditRow): Promise<boolean>;
  /** One transaction with its entry in the audit log. False: there is none. */
  remove(accountId: string, project: string, name: string, audit: AuditRow): Promise<boolean>;
  /** Wrapped with another master key than `keyId`: to be wrapped anew. In order, after the one given. */
  wrappedWithOther(keyId: string, limit: number, after: SecretRow | null): Promise<SecretRow[]>;
  /** Changes nothing when the row was written anew meanwhile. */
  rewrap(row: SecretRow): Promise<void>;
  taskSecretsWrappedWithOther(
    keyId: string,
    limit: number,
    after: TaskSecretRow | null,
  ): Promise<TaskSecretRow[]>;
  rewrapTaskSecret(row: TaskSecretRow): Promise<void>;
  /** Master keys that something is still wrapped with. */
  keyIdsInUse(): Promise<string[]>;
  ofTask(taskId: string): Promise<readonly { readonly name: string; readonly secret: SealedSecret }[]>;
  /** Of tasks that have ended: they go. */
  forgetEnded(): Promise<number>;
}

export interface AuditRow {
  readonly id: string;
  readonly accountId: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly at: number;
}

/** Append only: the database refuses to change or delete a row. */
export interface AuditLog {
  add(row: AuditRow): Promise<void>;
  list(
    accountId: string,
    page: { cursor: string | null; limit: number },
  ): Promise<{ entries: AuditRow[]; nextCursor: string | null }>;
}
