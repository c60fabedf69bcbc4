export interface ModelCredential {
  /** Where it is kept, as people know it: `ANTHROPIC_API_KEY@work`. Never its value. */
  readonly name: string;
  readonly kind: "api_key" | "oauth";
  readonly value: string;
}

/** A task; or what one will be as soon as it is made, with the secrets that come with it. */
export type ApiCaller =
  | { readonly taskId: string; readonly accountId: string }
  | {
      readonly accountId: string;
      readonly project: string | null;
      readonly secrets: Readonly<Record<string, string>>;
    };

export interface ApiCredential {
  /** Set when it was stored as `user:password`. */
  readonly user: string | null;
  readonly token: string;
}

/** Secrets as the brokers use them: outside every sandbox, looked up for each request, never kept. */
export interface Credentials {
  /** In the order they are tried: the task's own, its project's, its account's, the server's. */
  forModel(
    caller: { taskId: string; accountId: string },
    vendor: string,
  ): Promise<readonly ModelCredential[]>;
  /** The Authorization header for one repository on a host (`host` or `host:port`), or null. `write`: to push. */
  forGit(
    caller: { taskId: string; accountId: string },
    repository: { host: string; path: string; write: boolean },
  ): Promise<string | null>;
  /** For the pull requests of one repository: the same secrets as for git. */
  forApi(caller: ApiCaller, repository: { host: string; path: string }): Promise<ApiCredential | null>;
}
