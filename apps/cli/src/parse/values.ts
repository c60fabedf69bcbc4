import { UsageError } from "../usage-error.ts";

export const textOption = (text: string): string => text;

/** 5 · $5 · 0.50 */
export function moneyOption(text: string, flag: string): number {
  const amount = /^\s*\$?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text)?.[1];
  if (amount === undefined)
    throw new UsageError(
      `${flag} "${text}" is not an amount.`,
      `Write it like ${flag} 5 or ${flag} 0.50: US dollars.`,
    );
  const usd = Number(amount);
  if (usd <= 0)
    throw new UsageError(`${flag} must be more than $0.`, "It is the most the run may spend on models.");
  return usd;
}

/** +5 and -5 change an amount, 20 sets it. */
export interface Change {
  how: "add" | "set";
  amount: number;
}

export const changeOption =
  (parse: (text: string, flag: string) => number) =>
  (text: string, flag: string): Change => {
    const [, sign, amount = ""] = /^\s*([+-]?)\s*(.*)$/.exec(text) ?? [];
    const parsed = parse(amount, flag);
    return sign === ""
      ? { how: "set", amount: parsed }
      : { how: "add", amount: sign === "-" ? -parsed : parsed };
  };

export type Cap = number | "none";

export function capOption(text: string, flag: string): Cap {
  return text.trim() === "none" ? "none" : moneyOption(text, flag);
}

export const numbersOption = (text: string, flag: string): number[] =>
  text.split(",").map((part) => countOption(1, 1000)(part, flag));

export const countOption =
  (min: number, max: number) =>
  (text: string, flag: string): number => {
    const count = /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (count >= min && count <= max) return count;
    throw new UsageError(`${flag} "${text}" is not a whole number from ${min} to ${max}.`);
  };

export const choiceOption =
  <T extends string>(choices: readonly T[]) =>
  (text: string, flag: string): T => {
    const chosen = choices.find((choice) => choice === text);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`${flag} "${text}" is not one of ${choices.join(", ")}.`);
  };

export const choicesOption = <T extends string>(choices: readonly T[]) => {
  const one = choiceOption(choices);
  return (text: string, flag: string): T[] => text.split(",").map((part) => one(part.trim(), flag));
};

/** KEY=VALUE, where the value may hold further equal signs or be empty. */
export function pairOption(text: string, flag: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`${flag} "${text}" must look like ${flag} KEY=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** As `repositoryOption`; `.` stands for the remote of the current folder. */
export const repositoryOrHere = (text: string, flag: string): string =>
  text.trim() === "." ? "." : repositoryOption(text, flag);

/** owner/name on GitHub, a web address, or the ssh form of one. The broker speaks https for all of them. */
export function repositoryOption(text: string, flag: string): string {
  const given = text.trim();
  if (/^https?:\/\//.test(given)) return given;
  const ssh = /^(?:ssh:\/\/(?:[\w.-]+@)?([\w.-]+)(?::\d+)?\/|[\w.-]+@([\w.-]+):\/?)(.+)$/.exec(given);
  if (ssh !== null) return `https://${ssh[1] ?? ssh[2]}/${ssh[3]}`;
  if (/^[\w-]+(\.[\w-]+)+\/[\w.-]+\/[\w./-]+$/.test(given)) return `https://${given}`;
  if (/^[A-Za-z0-9][\w.-]*\/[\w.-]+$/.test(given)) return `https://github.com/${given}`;
  throw new UsageError(
    `${flag} "${text}" is not the address of a repository.`,
    `Write it like ${flag} owner/name or ${flag} https://host/owner/name; ${flag} . is the remote of this folder.`,
  );
}
