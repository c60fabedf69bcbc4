import type { AttemptCaller } from "./fence.ts";

/**
 * Mirrors of repositories, kept by the server. Tasks of one account share them, and of a repository they may read
 * themselves only.
 */
export interface RepositoryMirrors {
  /**
   * A folder of its own with the objects of the repository as they are now, for the provider to take. Null when there
   * is none in time or the attempt has not shown that it may read the repository: it then does without.
   */
  lend(caller: AttemptCaller, url: string, signal: AbortSignal): Promise<string | null>;
}

/** The content of one file of a repository. */
export interface RepositoryBlob {
  readonly bytes: number;
  /** Read it to its end or cancel it. Throws an AgencyError `too_many_requests` when too many are being read. */
  open(): ReadableStream<Uint8Array>;
}

/** What the mirrors hold, for people to look at. */
export interface RepositoryObjects {
  /** By the name git gave it. Null: the account has no mirror of the repository, or this is no file in it. */
  blob(accountId: string, url: string, object: string): Promise<RepositoryBlob | null>;
}

/** What package managers downloaded for a repository: kept between its tasks, one task at a time for each copy. */
export interface DependencyCaches {
  /** The newest copy nobody has, or an empty one; null when caches are turned off. */
  lend(accountId: string, url: string): Promise<string | null>;
  /** After the sandbox has ended. The folder is whatever a program in it made of it. */
  takeBack(accountId: string, url: string, folder: string): Promise<void>;
}
