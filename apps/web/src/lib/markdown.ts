/** What agents write, as a tree of what may be shown. Raw HTML and images are text; links lead to http(s) only. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "strike"; children: Inline[] }
  | { kind: "link"; href: string; host: string; children: Inline[] };

export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: { checked: boolean | null; children: Block[] }[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

/** Deeper than any person writes: a thousand `>` in a row must not exhaust the stack. */
const MAX_DEPTH = 6;
/** What is longer is no text that somebody wrote to be read: the rest of it stands there as it is. */
const MOST_CHARS = 400_000;
const RULE = /^ {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}>\s?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;

export function parseMarkdown(source: string): Block[] {
  const blocks = blocksOf(source.slice(0, MOST_CHARS).replaceAll("\r\n", "\n").split("\n"), 0);
  const rest = source.slice(MOST_CHARS);
  return rest === "" ? blocks : [...blocks, { kind: "code", language: "", text: rest }];
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const [block, next] = blockAt(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function blockAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const line = lines[at] ?? "";
  const fence = fenceOf(line);
  if (fence !== null) return fenced(lines, at, fence.mark, fence.language);
  const heading = headingOf(line);
  if (heading !== null) return [heading, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (depth < MAX_DEPTH && QUOTE.test(line)) return quoted(lines, at, depth);
  if (depth < MAX_DEPTH && ITEM.test(line)) return listed(lines, at, depth);
  if (line.includes("|") && isTableRule(lines[at + 1] ?? "")) return tabled(lines, at);
  return paragraph(lines, at);
}

function fenceOf(line: string): { mark: string; language: string } | null {
  const [whole, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
  if (whole === undefined || mark === undefined) return null;
  const rest = line.slice(whole.length).trimStart();
  return rest.includes("`") ? null : { mark, language: /^[\w.+#-]*/.exec(rest)?.[0] ?? "" };
}

/** By hand: an expression that looks for the closing marks tries every place they could begin at. */
function headingOf(line: string): Block | null {
  const [whole, marks] = /^ {0,3}(#{1,6})\s/.exec(line) ?? [];
  if (whole === undefined || marks === undefined) return null;
  const text = line.slice(whole.length).trim();
  const end = endBefore(text, "#");
  const closed = end < text.length && (text[end - 1] ?? " ").trim() === "";
  return {
    kind: "heading",
    level: marks.length,
    children: parseInline(closed ? text.slice(0, end).trimEnd() : text),
  };
}

/** Where a run of these characters at the end of a text begins. */
function endBefore(text: string, characters: string): number {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] ?? " ")) end -= 1;
  return end;
}

function isTableRule(line: string): boolean {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").every((cell) => /^:?-+:?$/.test(cell.trim()));
}

function fenced(lines: readonly string[], at: number, mark: string, language: string): [Block, number] {
  const closes = (line: string) =>
    line.trim().startsWith(mark) && line.trim().replaceAll(mark[0] ?? "`", "") === "";
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? "")) end += 1;
  return [{ kind: "code", language, text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function quoted(lines: readonly string[], at: number, depth: number): [Block, number] {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] ?? "")) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [{ kind: "quote", children: blocksOf(inner, depth + 1) }, end];
}

function listed(lines: readonly string[], at: number, depth: number): [Block, number] {
  const mark = markOf(lines[at]);
  const ordered = isNumber(mark);
  const items: { checked: boolean | null; children: Block[] }[] = [];
  let end = at;
  while (end < lines.length && ITEM.test(lines[end] ?? "") && isNumber(markOf(lines[end])) === ordered) {
    const [body, next] = bodyOf(lines, end);
    items.push(itemOf(body, depth));
    end = next;
  }
  return [{ kind: "list", ordered, start: Number.parseInt(mark, 10) || 1, items }, end];
}

function markOf(line = ""): string {
  return ITEM.exec(line)?.[2] ?? "";
}

function isNumber(mark: string): boolean {
  return /\d/.test(mark);
}

function bodyOf(lines: readonly string[], at: number): [string[], number] {
  const first = lines[at] ?? "";
  const indent = ITEM.exec(first)?.[0].length ?? 0;
  const body = [first.slice(indent)];
  let end = at + 1;
  for (; end < lines.length && belongs(lines, end); end += 1) body.push(outdented(lines[end] ?? "", indent));
  return [body, end];
}

function outdented(line: string, most: number): string {
  let at = 0;
  while (at < most && line[at] === " ") at += 1;
  return line.slice(at);
}

/** A further line of an item is indented, or follows on without a break. */
function belongs(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (/^\s{2,}\S/.test(line)) return true;
  if (line.trim() === "") return /^\s{2,}\S/.test(lines[at + 1] ?? "");
  return (lines[at - 1] ?? "").trim() !== "" && !startsBlock(line);
}

function itemOf(body: string[], depth: number) {
  const box = /^\[([ xX])\]\s+/.exec(body[0] ?? "");
  const rest = box === null ? body : [(body[0] ?? "").slice(box[0].length), ...body.slice(1)];
  return { checked: box === null ? null : box[1] !== " ", children: blocksOf(rest, depth + 1) };
}

function tabled(lines: readonly string[], at: number): [Block, number] {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end += 1;
  const cells = (line: string) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => parseInline(cell.trim()));
  return [{ kind: "table", head: cells(lines[at] ?? ""), rows: lines.slice(at + 2, end).map(cells) }, end];
}

function paragraph(lines: readonly string[], at: number): [Block, number] {
  let end = at + 1;
  while (end < lines.length && (lines[end] ?? "").trim() !== "" && !startsBlock(lines[end] ?? "")) end += 1;
  return [{ kind: "paragraph", children: parseInline(lines.slice(at, end).join("\n")) }, end];
}

function startsBlock(line: string): boolean {
  return (
    fenceOf(line) !== null ||
    /^ {0,3}#{1,6}\s/.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    ITEM.test(line)
  );
}

/** Bounded quantifiers: no input makes this more than linear for what a line can hold. */
const INLINE =
  /(`{1,8})(?!`)([^`][\s\S]{0,2000}?|[^`])\1(?!`)|\*\*(?=\S)([^*\n]{1,1000})\*\*|__(?=\S)([^_\n]{1,1000})__|(?<![\w*])\*(?=\S)([^*\n]{1,1000})\*|(?<![\w_])_(?=\S)([^_\n]{1,1000})_(?!\w)|~~([^~\n]{1,1000})~~|!?\[([^[\]\n]{1,500})\]\(([^()\s]{1,2000})(?:\s+"[^"\n]{0,200}")?\)|<?(https?:\/\/[^\s<>()"'`]{1,2000})>?/g;

export function parseInline(text: string, depth = 0): Inline[] {
  if (depth > 4) return [{ kind: "text", text }];
  const out: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) out.push({ kind: "text", text: text.slice(from, match.index) });
    out.push(inlineOf(match, depth));
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ kind: "text", text: text.slice(from) });
  return out;
}

function inlineOf(match: RegExpExecArray, depth: number): Inline {
  const [whole, , code, star, under, oneStar, oneUnder, strike, label, target, bare] = match;
  const inner = (value: string) => parseInline(value, depth + 1);
  if (code !== undefined)
    return { kind: "code", text: code.trim() === "" ? code : code.replace(/^ (.*) $/s, "$1") };
  const strong = star ?? under;
  if (strong !== undefined) return { kind: "strong", children: inner(strong) };
  const em = oneStar ?? oneUnder;
  if (em !== undefined) return { kind: "em", children: inner(em) };
  if (strike !== undefined) return { kind: "strike", children: inner(strike) };
  if (label !== undefined) return link(target ?? "", [{ kind: "text", text: label }], whole);
  const address = (bare ?? "").slice(0, endBefore(bare ?? "", ".,;:!?"));
  return link(address, [{ kind: "text", text: address }], whole);
}

/** An image is a link to it: nothing is loaded that a person did not click on. */
function link(target: string, children: Inline[], whole: string): Inline {
  const url = URL.parse(target);
  const safe = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return safe ? { kind: "link", href: url.href, host: url.host, children } : { kind: "text", text: whole };
}
