import { repositoryAt } from "./repository-address.ts";
import type { RepositoryAddress } from "./repository-address.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

export type GitRequest =
  | { readonly kind: "refs"; readonly repository: RepositoryAddress; readonly service: GitService }
  | {
      readonly kind: "fetch" | "push" | "lfs-batch" | "lfs-locks-verify";
      readonly repository: RepositoryAddress;
    }
  | { readonly kind: "lfs-object"; readonly id: string };

type OfRepository =
  | { kind: "refs"; service: GitService }
  | { kind: "fetch" | "push" | "lfs-batch" | "lfs-locks-verify" };

/** What may follow a repository's path. Everything else a git host offers stays closed. */
const ENDINGS: readonly (readonly [method: string, ending: string, OfRepository])[] = [
  ["GET", "/info/refs?service=git-upload-pack", { kind: "refs", service: "git-upload-pack" }],
  ["GET", "/info/refs?service=git-receive-pack", { kind: "refs", service: "git-receive-pack" }],
  ["POST", "/git-upload-pack", { kind: "fetch" }],
  ["POST", "/git-receive-pack", { kind: "push" }],
  ["POST", "/info/lfs/objects/batch", { kind: "lfs-batch" }],
  ["POST", "/info/lfs/locks/verify", { kind: "lfs-locks-verify" }],
];

/** `/<scheme>/<host[:port]>/<path>/<ending>` or `/lfs/<id>`: relative addresses inside a repository stay true. */
export function parseGitRequest(method: string, target: string): GitRequest | null {
  const id = /^\/lfs\/([\w-]{20,64})$/.exec(target)?.[1];
  if (id !== undefined) return { kind: "lfs-object", id };
  const [, scheme = "", host = "", rest = ""] = /^\/(https?)\/([^/]+)(\/.+)$/.exec(target) ?? [];
  const found = ENDINGS.find(([expected, ending]) => expected === method && rest.endsWith(ending));
  if (found === undefined) return null;
  const [, ending, asked] = found;
  const repository = repositoryAt(scheme, host, rest.slice(0, -ending.length));
  return repository === null ? null : { ...asked, repository };
}
