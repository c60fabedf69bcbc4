import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { canonicalRepository } from "@agency/core";

/** One copy of the caches of a repository. All that is known of it is in its name: what is in it is not trusted. */
export interface CacheCopy {
  readonly name: string;
  readonly usedAt: number;
  readonly bytes: number;
}

const ACCOUNT = /^[A-Za-z0-9_-]{1,64}$/u;
const NAME = /^(\d{1,15})-(\d{1,15})-[0-9a-f]{12}$/u;

function accountFolder(root: string, accountId: string): string {
  if (!ACCOUNT.test(accountId)) throw new Error(`"${accountId}" cannot be the name of a folder.`);
  return join(root, "accounts", accountId);
}

export function repositoryFolder(root: string, accountId: string, url: string): string {
  const key = createHash("sha256").update(canonicalRepository(url)).digest("hex").slice(0, 32);
  return join(accountFolder(root, accountId), key);
}

export function nameOf({ usedAt, bytes }: Omit<CacheCopy, "name">): string {
  return `${Math.round(usedAt)}-${bytes}-${randomBytes(6).toString("hex")}`;
}

export function parseName(name: string): CacheCopy | null {
  const [, usedAt, bytes] = NAME.exec(name) ?? [];
  return usedAt === undefined || bytes === undefined
    ? null
    : { name, usedAt: Number(usedAt), bytes: Number(bytes) };
}

/** The copies to give up, longest unused first, until the rest is within the bounds. */
export function surplus<Copy extends CacheCopy>(
  copies: readonly Copy[],
  bounds: { maxBytes: number; maxCopies: number },
): Copy[] {
  let bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  let count = copies.length;
  const gone: Copy[] = [];
  for (const copy of copies.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (bytes <= bounds.maxBytes && count <= bounds.maxCopies) break;
    gone.push(copy);
    bytes -= copy.bytes;
    count -= 1;
  }
  return gone;
}
