import { accountId } from "./session.ts";

/** More than this does not go into an address: servers and proxies refuse long ones. */
export const MOST_IN_ADDRESS = 2000;

const keyOf = (): string => `agency.long-prompt.${accountId()}`;

/** For the case that storage is full or closed. */
let left = { key: "", text: "" };

/** Left for the page that goes on with it, be it in another tab. */
export function leavePrompt(text: string): void {
  const key = keyOf();
  left = { key, text };
  try {
    localStorage.setItem(key, text);
  } catch {
    // This tab still has it.
  }
}

export function leftPrompt(): string {
  const key = keyOf();
  try {
    return (left.key === key && left.text) || (localStorage.getItem(key) ?? "");
  } catch {
    return left.key === key ? left.text : "";
  }
}

export function forgetPrompt(): void {
  left = { key: "", text: "" };
  try {
    localStorage.removeItem(keyOf());
  } catch {
    // Then there is nothing.
  }
}
