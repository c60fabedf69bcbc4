import { dirname, isAbsolute, join } from "node:path";
import { readTextIfThere } from "../config.ts";
import { repositoryOption } from "../parse/values.ts";
import { UsageError } from "../usage-error.ts";
import { remoteUrl } from "./git-config.ts";

/** The address behind `--repo .`: the remote `origin` of the repository the folder is in. No git program is needed. */
export function currentRepository(folder: string): string {
  const config = configAbove(folder);
  if (config === null) {
    throw new UsageError("This folder is in no git repository.", "Name one: --repo owner/name.");
  }
  const url = remoteUrl(config, "origin");
  if (url === null) {
    throw new UsageError(
      "The repository of this folder has no remote called origin.",
      "Name its address with --repo, add one (git remote add origin URL), or send the folder itself: agency push-session.",
    );
  }
  // The server refuses an address with a credential in it, and nobody wants it in a log.
  return repositoryOption(url.replace(/^(https?:\/\/)[^/@]*@/, "$1"), "origin");
}

/** The same, or null where there is none. */
export function repositoryAround(folder: string): string | null {
  try {
    return currentRepository(folder);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

function configAbove(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const config = readTextIfThere(join(at, ".git", "config")) ?? configOfWorktree(at);
    if (config !== null || at === dirname(at)) return config;
  }
}

/** A linked work tree has a file that says where its repository is. */
function configOfWorktree(folder: string): string | null {
  const told = readIfFile(join(folder, ".git"));
  const path = /^gitdir: (.+)$/m.exec(told ?? "")?.[1]?.trim();
  if (path === undefined) return null;
  const gitDir = isAbsolute(path) ? path : join(folder, path);
  const common = readTextIfThere(join(gitDir, "commondir"))?.trim();
  const home = common === undefined ? gitDir : isAbsolute(common) ? common : join(gitDir, common);
  return readTextIfThere(join(home, "config"));
}

function readIfFile(path: string): string | null {
  try {
    return readTextIfThere(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EISDIR") return null;
    throw error;
  }
}
