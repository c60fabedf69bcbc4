import type { Ask } from "@agency/contract";

/** The whole of what would be done, never just its title: a person must be able to see what they allow. */
export function approvalText(ask: Extract<Ask, { kind: "approval" }>): string {
  const { input } = ask;
  if (typeof input === "string") return input;
  if (Array.isArray(input)) return JSON.stringify(input, null, 2);
  if (typeof input !== "object" || input === null) return ask.title;
  const entries = Object.entries(input);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && typeof only[1] === "string") return only[1];
  return entries
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`)
    .join("\n");
}
