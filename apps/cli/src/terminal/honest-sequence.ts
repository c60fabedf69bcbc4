/** What follows CSI, by the private mark and the intermediates it comes with. All others answer, print or resize. */
const CONTROLS: Readonly<Record<string, RegExp>> = {
  "": /^[@A-MPSTXZ`abdefghlmrsu]$/,
  "?": /^[hlJKrs]$/,
  ">": /^[mu]$/,
  "<": /^u$/,
  "=": /^u$/,
  " ": /^[@Aq]$/,
  "!": /^p$/,
  '"': /^q$/,
};
const CONTROL = /^([<=>?]?)([0-9;:]*)([ -/]?)([@-~])$/;
/** Saving and restoring the title, as editors do; the others of their kind move, resize and report. */
const KEPT_TITLE = /^0*2[23](?:;[0-9]*)*$/;
/** Modes that have the terminal report its size and its colours at once. */
const REPORTING = new Set([2031, 2048]);

/** Of a control sequence without its CSI: it changes what is shown, and the terminal types nothing for it. */
export function isHonestControl(text: string): boolean {
  const [, mark = "", parameters = "", intermediate = "", final = ""] = CONTROL.exec(text) ?? [];
  if (mark !== "" && intermediate !== "") return false;
  if (final === "t") return mark + intermediate === "" && KEPT_TITLE.test(parameters);
  if (mark === "?" && hasReportingMode(parameters)) return false;
  return CONTROLS[mark + intermediate]?.test(final) ?? false;
}

function hasReportingMode(parameters: string): boolean {
  return parameters.split(/[;:]/).some((mode) => REPORTING.has(Number(mode)));
}

/**
 * Of an escape sequence without its ESC. ESC Z asks who is there, ESC k begins a string for some, and ESC % leaves
 * UTF-8, after which parts of ordinary letters are control characters.
 */
export function isHonestEscape(text: string): boolean {
  return /^(?:[0-OQ-WY\\`-jl-~]|[()*+\-./][0-9A-Za-z<=>]|#[3-8])$/.test(text);
}

/** OSC 0 and 2: every shell sets the title at its prompt. Null: any other string, or a title no terminal would show. */
export function honestTitle(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /^[02];\P{Cc}*$/u.test(text) ? text : null;
  } catch {
    return null;
  }
}
