import { styleText } from "node:util";

type Paint = (text: string) => string;
export type Style = Record<"bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan", Paint>;

export function createStyle(colored: boolean): Style {
  const paint =
    (format: keyof Style): Paint =>
    (text) =>
      colored && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    blue: paint("blue"),
    cyan: paint("cyan"),
  };
}

/** NO_COLOR wins, then FORCE_COLOR, then what the stream is: https://no-color.org. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if ((env.NO_COLOR ?? "") !== "") return false;
  const forced = env.FORCE_COLOR ?? env.CLICOLOR_FORCE;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return terminal;
}
