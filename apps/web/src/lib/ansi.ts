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

/** Every escape sequence a terminal acts on: colours are kept, all others (links, titles, cursor moves) are dropped. */
const ESCAPE =
  /\x1b\[([0-9;:]*)m|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]/g;

/** Only the sixteen colours of a terminal: they follow the page's own palette. 256 and true colours fall back to it. */
export function parseAnsi(text: string): Styled[] {
  const out: Styled[] = [];
  let style = PLAIN;
  let from = 0;
  const take = (to: number) => {
    if (to > from) out.push({ ...style, text: text.slice(from, to) });
  };
  for (const match of text.matchAll(ESCAPE)) {
    take(match.index);
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = restyle(style, match[1]);
  }
  take(text.length);
  return out;
}

export function stripAnsi(text: string): string {
  return text.replace(ESCAPE, "");
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
