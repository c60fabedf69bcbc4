import { isSameOrigin, isSameRepository, repositoryOfUrl } from "./repository-address.ts";
import type { RepositoryAddress } from "./repository-address.ts";

/** What one task may do with git. */
export interface GitRights {
  /** Read, and pushed to; null: nothing is pushed. `pushBranch` beside its own `agency/<task>/…`. */
  readonly repository: { readonly url: string; readonly pushBranch?: string | undefined } | null;
  /** Read with the credential of their host. */
  readonly repositories: readonly string[];
  /** Hosts (`host` or `host:port`) on internal networks that are open to it all the same. */
  readonly allowInternalHosts: readonly string[];
  /** Somebody has stopped the task: what it still does must not be seen outside. */
  readonly isStopped?: boolean;
}

export type Access =
  | {
      readonly ok: true;
      /** As the task names it, when it does: a server may keep `x` and `x.git` apart. */
      readonly repository: RepositoryAddress;
      readonly withCredential: boolean;
    }
  | { readonly ok: false; readonly why: string };

/**
 * The credential is used for what the task names and nothing else: it may open every private repository of its
 * owner, and a hijacked agent would ask for them. Unnamed ones, as submodules are, are read as a stranger would.
 */
export function accessTo(rights: GitRights, asked: RepositoryAddress, write: boolean): Access {
  if (write && rights.isStopped === true)
    return { ok: false, why: "This task was stopped: it pushes nothing any more." };
  const own = rights.repository === null ? null : repositoryOfUrl(rights.repository.url);
  if (own !== null && isSameRepository(own, asked))
    return { ok: true, repository: own, withCredential: true };
  if (write) return { ok: false, why: pushElsewhere(asked, own) };
  const others = rights.repositories.flatMap((url) => repositoryOfUrl(url) ?? []);
  const named = others.find((other) => isSameRepository(other, asked));
  if (named !== undefined) return { ok: true, repository: named, withCredential: true };
  const known = [...others, ...(own === null ? [] : [own])].some((other) => isSameOrigin(other, asked));
  if (known) return { ok: true, repository: asked, withCredential: false };
  return {
    ok: false,
    why: `This task may not read ${asked.url}: no repository of it is on ${asked.host}. Name it in the task's \`repositories\` (--also) to open it.`,
  };
}

function pushElsewhere(asked: RepositoryAddress, own: RepositoryAddress | null): string {
  const instead =
    own === null ? "it pushes to no repository" : `it pushes to its own repository, ${own.url}, only`;
  return `This task may not push to ${asked.url}: ${instead}.`;
}
