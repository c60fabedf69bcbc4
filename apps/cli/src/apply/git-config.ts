export interface ConfigEntry {
  /** The file it is from, relative to the top of the work tree; null: a command line or the environment. */
  file: string | null;
  /** Section and name in lower case; what is between them as it is. */
  key: string;
  value: string;
}

/** What `git config --list --show-origin -z` says. */
export function configEntries(listed: string): ConfigEntry[] {
  const parts = listed.split("\0");
  const entries: ConfigEntry[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [origin = "", entry = ""] = parts.slice(at, at + 2);
    const end = entry.indexOf("\n");
    entries.push({
      file: origin.startsWith("file:") ? origin.slice("file:".length) : null,
      // `[section] name` without a value is true.
      key: end === -1 ? entry : entry.slice(0, end),
      value: end === -1 ? "true" : entry.slice(end + 1),
    });
  }
  return entries;
}

/** `filter.lfs.clean` in its three parts; null for a key of two. */
export function keyParts(key: string): { section: string; of: string; name: string } | null {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  if (first === -1 || first === last) return null;
  return { section: key.slice(0, first), of: key.slice(first + 1, last), name: key.slice(last + 1) };
}

/** What a section has names for: `lfs` in `filter.lfs.clean`. */
export function namesOf(config: readonly ConfigEntry[], section: string): string[] {
  const names = config.flatMap(({ key }) => {
    const parts = keyParts(key);
    return parts?.section === section ? parts.of : [];
  });
  return [...new Set(names)];
}
