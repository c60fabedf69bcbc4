/** U+200B: cannot be seen, and what stands on both sides of it is no longer one word. */
const GAP = "\u200B";

/** One line for a title: an agent's words, which must notify and command nobody. */
export function foreignLine(text: string, most: number): string {
  return cut(withoutMentions(lineOf(text.slice(0, 4 * most))), most);
}

/** One line for our own pages, where nobody is mentioned: it hides, reorders and smuggles nothing. */
export function plainLine(text: string, most: number): string {
  return cut(lineOf(text), most);
}

/**
 * Markdown of an agent, made harmless on any host: it mentions nobody (who would be notified), gives no commands
 * to bots or to GitLab (`/merge` at the start of a line is carried out), hides nothing in HTML comments, and loads no
 * picture, whose address can carry away what the agent has read.
 */
export function foreignMarkdown(text: string, most: number): string {
  const plain = withoutControls(text.slice(0, 4 * most));
  const harmless = withoutMentions(plain)
    .replaceAll(/^([ \t>*+-]*)\/(?=[A-Za-z_])/gm, "$1\\/")
    .replaceAll(/(?<!!)!+\[/g, "[")
    .replaceAll(
      /<(?=!|\?|\/?(?:img|picture|source|video|audio|iframe|object|embed|svg|link|input|base|form)\b)/gi,
      "&lt;",
    )
    .trim();
  return cut(harmless, most);
}

/** One line of code, such as a command. */
export function foreignCode(text: string, most: number): string {
  const line = lineOf(text.slice(0, 4 * most).replaceAll("`", "'"));
  return `\`${cut(withoutMentions(line), most)}\``;
}

function lineOf(text: string): string {
  return withoutControls(text).replaceAll(/\s+/g, " ").trim();
}

/** Tabs and line ends stay; what reorders, hides or smuggles text does not. */
function withoutControls(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu, "");
}

/** In code as well: what counts as code differs from host to host. An entity is the same character to them. */
function withoutMentions(text: string): string {
  return text.replaceAll(/&(?=#|commat;)/gi, "&amp;").replaceAll(/@(?=\S)/g, `@${GAP}`);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
