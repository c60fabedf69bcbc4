const KEY = "agency.long-prompt";

/** More than this does not go into an address: servers and proxies refuse long ones. */
export const MOST_IN_ADDRESS = 2000;

/** For the case that storage is full or closed. */
let left = "";

/** Left for the page that goes on with it, be it in another tab. */
export function leavePrompt(text: string): void {
  left = text;
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // This tab still has it.
  }
}

export function leftPrompt(): string {
  try {
    return left || (localStorage.getItem(KEY) ?? "");
  } catch {
    return left;
  }
}

export function forgetPrompt(): void {
  left = "";
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Then there is nothing.
  }
}
