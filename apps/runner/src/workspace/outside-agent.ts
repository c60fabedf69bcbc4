import { delimiter, isAbsolute, sep } from "node:path";

/**
 * An environment without what leads to where the agent could write: programs that come first in a PATH, options that
 * name a file to be loaded. Settings of git are ours and only name the workspace.
 */
export function outsideAgent(
  env: Readonly<Record<string, string>>,
  agents: readonly string[],
): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) => {
    if (name === "PATH") return [[name, safePath(value, agents)]];
    const isOurs = name.startsWith("GIT_CONFIG_");
    return !isOurs && agents.some((place) => value.includes(place)) ? [] : [[name, value]];
  });
  return Object.fromEntries(kept) as Record<string, string>;
}

/** What is relative is looked for in a checkout, which is the commit's own business. */
function safePath(path: string, agents: readonly string[]): string {
  return path
    .split(delimiter)
    .filter((folder) => !isAbsolute(folder) || !agents.some((place) => isIn(folder, place)))
    .join(delimiter);
}

function isIn(folder: string, place: string): boolean {
  return folder === place || folder.startsWith(place + sep);
}
