import { oneLine } from "../render/text.ts";

const MOST = 20;

/** Names under a sentence; the end of a long list is counted. */
export function listed(names: readonly string[]): string[] {
  const more = names.length - MOST;
  return [
    ...names.slice(0, MOST).map((name) => `  ${oneLine(name)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}
