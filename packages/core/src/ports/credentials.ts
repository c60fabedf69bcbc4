export interface ModelCredential {
  /** Where it is kept, as people know it: `ANTHROPIC_API_KEY@work`. Never its value. */
  readonly name: string;
  readonly kind: "api_key" | "oauth";
  readonly value: string;
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
}
