import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { capText } from "../shared/cap-text.ts";

const FILES = ["CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md"];
const MAX_FILE_BYTES = 64 * 1024;

/**
 * The repository's own instructions, read as text: loading its settings would load its hooks too, and those are
 * programs. The text is as untrusted as the repository; the sandbox is what holds the agent.
 */
export async function readInstructions(workspace: string): Promise<string> {
  const parts: string[] = [];
  const seen = new Set<string>();
  for (const file of FILES) {
    const text = await readWithin(workspace, file);
    // One of them is often a link to the other.
    if (text === undefined || seen.has(text)) continue;
    seen.add(text);
    parts.push(`## ${file}\n\n${text}`);
  }
  if (parts.length === 0) return "";
  return `# Instructions kept in the repository\n\n${parts.join("\n\n")}`;
}

/** Follows links only inside the workspace: a link to the runner's own environment must not end up in a prompt. */
async function readWithin(workspace: string, file: string): Promise<string | undefined> {
  try {
    const root = await realpath(workspace);
    const path = await realpath(join(root, file));
    if (!path.startsWith(root + sep)) return undefined;
    return await readHead(path);
  } catch {
    return undefined;
  }
}

async function readHead(path: string): Promise<string | undefined> {
  // Non-blocking, because opening a named pipe would wait for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(MAX_FILE_BYTES + 1),
      0,
      MAX_FILE_BYTES + 1,
      0,
    );
    const { text, truncated } = capText(
      buffer.subarray(0, bytesRead).toString("utf8").trim(),
      MAX_FILE_BYTES,
    );
    if (text === "") return undefined;
    return truncated
      ? `${text}\n\n(The rest of this file is longer than ${MAX_FILE_BYTES / 1024} KB and left out.)`
      : text;
  } finally {
    await handle.close();
  }
}
