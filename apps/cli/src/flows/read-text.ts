import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MAX_PROMPT_BYTES } from "@agency/contract";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

/** Words of the command line, or all of stdin for `-`. */
export async function readWords(session: Session, words: readonly string[], what: string): Promise<string> {
  const text = words.length === 1 && words[0] === "-" ? await readStdin(session) : words.join(" ");
  if (text.trim() !== "") return text;
  throw new UsageError(
    `The ${what} is empty.`,
    `Write it as the last words of the command, or pass - to read it from stdin.`,
  );
}

/** Stops reading where the server would refuse anyhow. */
export async function readStdin({ world: { stdin }, signal }: Session): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => stdin.destroy();
  signal.addEventListener("abort", stop);
  try {
    for await (const chunk of stdin) {
      const part = Buffer.from(chunk);
      chunks.push(part);
      bytes += part.length;
      if (bytes > MAX_PROMPT_BYTES) break;
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** One line that a person types. */
export async function readLine({ world: { stdin }, signal }: Session): Promise<string> {
  const lines = createInterface({ input: stdin });
  const stop = () => lines.close();
  signal.addEventListener("abort", stop);
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    signal.removeEventListener("abort", stop);
    lines.close();
  }
}

export async function readPromptFile(session: Session, path: string): Promise<string> {
  if (path === "-") return readStdin(session);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `--prompt-file cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

const CUT = "# ------------------------ >8 ------------------------";
const TEMPLATE = `\n\n${CUT}\n# Describe the work above this line, save, and close the editor.\n# An empty description starts nothing.\n`;

/** What a person writes in their own editor. */
export async function readFromEditor({ world, output }: Session, draft: string): Promise<string> {
  if (world.stdin.isTTY !== true || !output.terminal) {
    throw new UsageError(
      "--edit needs a terminal.",
      "Pass the prompt as words, with --prompt-file, or with - from stdin.",
    );
  }
  const editor =
    [world.env.VISUAL, world.env.EDITOR, "vi"].find((name) => (name ?? "").trim() !== "") ?? "vi";
  const [command = "vi", ...args] = editor.trim().split(/\s+/);
  const folder = await mkdtemp(join(world.tempDir, "agency-prompt-"));
  try {
    const file = join(folder, "prompt.md");
    await writeFile(file, draft + TEMPLATE, { mode: 0o600 });
    const code = await world.processes.attach(command, [...args, file]);
    if (code === null)
      throw new UsageError(`The editor ${command} is not installed.`, "Set EDITOR to one that is.");
    if (code !== 0) throw new UsageError(`The editor ended with ${code}; nothing was started.`);
    return (await readFile(file, "utf8")).split(CUT)[0]?.trim() ?? "";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
