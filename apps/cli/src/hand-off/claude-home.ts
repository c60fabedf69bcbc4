import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "../world.ts";

/** Where the user's own Claude Code keeps the transcripts of all folders. */
export function claudeProjects({ env, userHome }: Pick<World, "env" | "userHome">): string {
  const told = env.CLAUDE_CONFIG_DIR ?? "";
  return join(told === "" ? join(userHome, ".claude") : told, "projects");
}

/** How Claude Code names the place of a folder's transcripts: after its resolved path. */
export async function projectName(folder: string): Promise<string> {
  return (await realpath(folder)).replace(/[^A-Za-z0-9]/g, "-");
}
