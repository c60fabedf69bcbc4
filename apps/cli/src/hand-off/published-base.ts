import { AgencyError } from "@agency/contract";
import { currentRepository } from "../local/current-repository.ts";
import { UsageError } from "../usage-error.ts";
import type { UserGit } from "./user-git.ts";

export interface PublishedBase {
  url: string;
  /** Null: the repository's default one has the commit. */
  branch: string | null;
  /** The newest commit below HEAD that `origin` is known to have. */
  base: string;
}

const ORIGIN = "refs/remotes/origin/";

/** Where a sandbox can get most of the history from; null when `origin` has none of it, as far as is known here. */
export async function publishedBase(git: UserGit, folder: string): Promise<PublishedBase | null> {
  const url = originOf(folder);
  if (url === null) return null;
  const base = await newestPublished(git);
  if (base === null) return null;
  const list = ["for-each-ref", "--format=%(refname)", `--contains=${base}`, ORIGIN];
  const having = (await git.need(list)).split("\n").filter((name) => name !== "");
  if (having.length === 0) return null;
  if (having.includes(`${ORIGIN}HEAD`)) return { url, branch: null, base };
  const upstream = (await git.run(["rev-parse", "--symbolic-full-name", "@{upstream}"])).stdout.trim();
  const ref = having.includes(upstream) ? upstream : (having[0] ?? "");
  return { url, branch: Buffer.from(ref.slice(ORIGIN.length), "latin1").toString("utf8"), base };
}

/** An origin that a sandbox cannot get at, such as a folder of this machine, is none. */
function originOf(folder: string): string | null {
  try {
    return currentRepository(folder);
  } catch (error) {
    if (error instanceof UsageError || error instanceof AgencyError) return null;
    throw error;
  }
}

async function newestPublished(git: UserGit): Promise<string | null> {
  const known = await git.need(["for-each-ref", "--count=1", ORIGIN]);
  if (known === "") return null;
  const listed = await git.need(["rev-list", "--boundary", "HEAD", "--not", "--remotes=origin"]);
  if (listed === "") return (await git.need(["rev-parse", "HEAD"])).trim();
  return /^-([0-9a-f]+)$/m.exec(listed)?.[1] ?? null;
}
