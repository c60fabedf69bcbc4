export interface FileRequest {
  path: string;
  text: string;
}

const VERBS = new Set(["write", "create", "add", "make"]);
const BEFORE_CONTENT = new Set(["with", "saying", "containing"]);
const FILE_NAME = /^[\w-][\w./-]{0,199}\.[A-Za-z0-9]{1,8}$/;
const LOOKED_AT_CHARS = 4000;

/** Understands "also write NOTES.md", "create docs/TODO.txt with buy milk" and the like; nothing cleverer. */
export function parseFileRequest(message: string): FileRequest | undefined {
  const words = message.slice(0, LOOKED_AT_CHARS).split(/\s+/);
  const verb = words.findIndex((word) => VERBS.has(word.toLowerCase()));
  if (verb === -1) return undefined;
  for (const [index, word] of words.entries()) {
    const path = index > verb ? fileNameIn(word) : undefined;
    if (path !== undefined) return { path, text: contentAfter(words.slice(index + 1)) ?? asDefault(message) };
  }
  return undefined;
}

function fileNameIn(word: string): string | undefined {
  const bare = word.replaceAll(/["'`,;:!?()]/g, "").replace(/\.$/, "");
  return FILE_NAME.test(bare) && !bare.split("/").includes("..") ? bare : undefined;
}

function contentAfter(words: readonly string[]): string | undefined {
  const [first = "", ...rest] = words;
  const text = BEFORE_CONTENT.has(first.toLowerCase()) ? rest.join(" ").trim() : "";
  return text === "" ? undefined : `${text}\n`;
}

function asDefault(message: string): string {
  return `Written by the scripted demo, because it was told:\n\n${message.slice(0, LOOKED_AT_CHARS)}\n`;
}
