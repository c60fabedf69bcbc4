/** One stretch of terminal text in one style. */
export interface Styled {
  text: string;
  colour: number | null;
  background: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

type Style = Omit<Styled, "text">;
const PLAIN: Style = {
  colour: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
};

/**
 * Every escape sequence a terminal acts on: colours are kept, all others (links, titles, cursor moves) are dropped.
 * A string (groups 2 and 3) that does not end on its own line is none: only what would have begun it goes, for text
 * must not be able to swallow the text that follows.
 */
const ESCAPE =
  /\x1b\[([0-9;:]*)m|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:([^\x00-\x1f\x7f-\x9f]*)(?:\x07|\x1b\\|\x9c))?|\x1b[ -/]*[0-~]/g;

/** Stands where a string was taken out, so that nobody takes the text for whole. */
const MARK = "␛";
/** The address of a link, the one string that programs print all the time. Its text stays. */
const LINK = /^8;[^;\s]*;\S*$/;

/** Only the sixteen colours of a terminal: they follow the page's own palette. 256 and true colours fall back to it. */
export function parseAnsi(text: string): Styled[] {
  const out: Styled[] = [];
  let style = PLAIN;
  let from = 0;
  const take = (part: string) => {
    if (part !== "") out.push({ ...readable(style), text: part });
  };
  for (const match of text.matchAll(ESCAPE)) {
    const [whole, colours, opening, content] = match;
    take(text.slice(from, match.index) + markOf(opening, content));
    from = match.index + whole.length;
    if (colours !== undefined) style = restyle(style, colours);
  }
  take(text.slice(from));
  return out;
}

export function stripAnsi(text: string): string {
  return text.replace(ESCAPE, (_whole, _colours, opening?: string, content?: string) =>
    markOf(opening, content),
  );
}

function markOf(opening: string | undefined, content: string | undefined): string {
  return opening === undefined || (content !== undefined && LINK.test(content)) ? "" : MARK;
}

/** Text in the colour it stands on cannot be read. The page paints a bright colour as its plain one. */
function readable(style: Style): Style {
  const { colour, background } = style;
  const hidden = colour !== null && background !== null && colour % 8 === background % 8;
  return hidden ? { ...style, colour: null, background: null } : style;
}

function restyle(before: Style, codes: string): Style {
  let style = { ...before };
  const list = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
  for (let at = 0; at < list.length; at++) {
    const code = list[at] ?? 0;
    if (code === 38 || code === 48) {
      const extended = extendedColour(list, at);
      at += extended.taken;
      style = code === 38 ? { ...style, colour: extended.colour } : { ...style, background: extended.colour };
    } else style = { ...style, ...single(code) };
  }
  return style;
}

function single(code: number): Partial<Style> {
  if (code === 0) return PLAIN;
  if (code >= 30 && code <= 37) return { colour: code - 30 };
  if (code >= 90 && code <= 97) return { colour: code - 82 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 100 && code <= 107) return { background: code - 92 };
  return SWITCHES[code] ?? {};
}

const SWITCHES: Readonly<Record<number, Partial<Style>>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  39: { colour: null },
  49: { background: null },
};

/** Of 256 colours the first sixteen are known by number; the rest stays the text's own. */
function extendedColour(list: readonly number[], at: number): { colour: number | null; taken: number } {
  if (list[at + 1] === 2) return { colour: null, taken: 4 };
  const index = list[at + 2] ?? 0;
  return { colour: index >= 0 && index < 16 ? index : null, taken: 2 };
}
