import { createHash } from "node:crypto";
import { join } from "node:path";
import { canonicalRepository } from "@agency/core";
import type { RepositoryAddress } from "../git/repository-address.ts";

/** Where one mirror lies. Its repository is there whole or not at all: it is made beside and renamed. */
export interface MirrorPlace {
  readonly root: string;
  readonly repository: string;
  /** Its time says when the mirror was last lent. */
  readonly used: string;
}

const ACCOUNT = /^[A-Za-z0-9_-]{1,64}$/;

function accountFolder(root: string, accountId: string): string {
  if (!ACCOUNT.test(accountId)) throw new Error(`"${accountId}" cannot be the name of a folder.`);
  return join(root, "accounts", accountId);
}

export function placeOf(root: string, accountId: string, { url }: RepositoryAddress): MirrorPlace {
  const key = createHash("sha256").update(canonicalRepository(url)).digest("hex").slice(0, 32);
  return placeAt(join(accountFolder(root, accountId), key));
}

export function placeAt(root: string): MirrorPlace {
  return { root, repository: join(root, "repository.git"), used: join(root, "used") };
}

export function packFolder(repository: string): string {
  return join(repository, "objects", "pack");
}
