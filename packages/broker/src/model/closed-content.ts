import { isRecord } from "./call-meter.ts";

export interface ContentRule {
  /** What is wrong with this object, as the end of its path; null when nothing is. */
  readonly check: (block: Readonly<Record<string, unknown>>) => string | null;
  /** The fields in which further content can be. Arguments of tools are data to the vendor, and not looked at. */
  readonly within: readonly string[];
}

/** The path of the first closed object anywhere in the content. Without recursion: the body is an attacker's. */
export function findClosed(name: string, content: unknown, rule: ContentRule): string | null {
  const open: { path: string; value: unknown }[] = [{ path: name, value: content }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { path, value } = item;
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at -= 1)
        open.push({ path: `${path}[${at}]`, value: value[at] });
    } else if (isRecord(value)) {
      const found = rule.check(value);
      if (found !== null) return `${path}.${found}`;
      for (const field of rule.within)
        if (value[field] !== undefined) open.push({ path: `${path}.${field}`, value: value[field] });
    }
  }
  return null;
}

/** `type` or a later version of it: `web_search`, `web_search_20250305`, `web_search_preview`. */
export function isType(type: unknown, families: readonly string[]): type is string {
  return typeof type === "string" && families.some((family) => type.toLowerCase().startsWith(family));
}
