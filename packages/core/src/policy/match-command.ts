import { programOf } from "./command-tree.ts";

/** Between words: no word of a shell can hold it, so that `"a b"` and `a b` stay different. */
const GAP = "\0";

/** The whole command, from its first word to its last: `npm run *` is also `npm run`, `npm` is only `npm`. */
export function isCommand(words: readonly string[], pattern: string): boolean {
  const glob = toGlob(pattern);
  const open = glob.endsWith(`${GAP}*`) ? [glob, glob.slice(0, -2)] : [glob];
  return spellings(words).some((text) => open.some((one) => matches(text, one)));
}

/** As `isCommand`, and whatever comes after: `git push` is also `git push origin`, and `git -C x push`. */
export function beginsCommand(words: readonly string[], pattern: string): boolean {
  const all = [words, withoutGitOptions(words)].flatMap(spellings);
  const glob = toGlob(pattern);
  const open = glob.endsWith(`${GAP}*`) ? glob.slice(0, -2) : glob;
  return all.some((text) => [glob, open, `${open}${GAP}*`].some((one) => matches(text, one)));
}

/** As written, and by the program's name without its folder. */
function spellings(words: readonly string[]): string[] {
  return [words.join(GAP), [programOf(words), ...words.slice(1)].join(GAP)];
}

function toGlob(pattern: string): string {
  return pattern.trim().split(/\s+/).join(GAP);
}

const GIT_VALUES = new Set([
  "-C",
  "-c",
  "--git-dir",
  "--work-tree",
  "--namespace",
  "--config-env",
  "--super-prefix",
]);

/** `git -C somewhere --no-pager push` is `git push`. */
function withoutGitOptions(words: readonly string[]): readonly string[] {
  if (programOf(words) !== "git") return words;
  let at = 1;
  while (words[at]?.startsWith("-") === true) at += GIT_VALUES.has(words[at] ?? "") ? 2 : 1;
  return ["git", ...words.slice(at)];
}

/** `*` stands for anything, also for nothing and for several words. No backtracking: linear pieces in order. */
function matches(text: string, glob: string): boolean {
  const pieces = glob.split("*");
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (pieces.length === 1) return text === glob;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  if (text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
