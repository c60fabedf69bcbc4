/** Only what is named goes through, so that no credential for anything else does. */
export interface HeaderRules {
  readonly request: ReadonlySet<string>;
  readonly requestPrefixes: readonly string[];
  readonly response: ReadonlySet<string>;
  readonly responsePrefixes: readonly string[];
  /** A list that the engine's and the credential's are joined in. */
  readonly joined: string | null;
}

/** The engine's headers as the vendor gets them, with the real credential. Throws when that is not a header. */
export function upstreamHeaders(
  rules: HeaderRules,
  from: Headers,
  credential: Record<string, string>,
  hasBody: boolean,
): Headers {
  const headers = pick(from, rules.request, rules.requestPrefixes);
  // Compressed, the usage could not be read as it passes.
  headers.set("accept-encoding", "identity");
  if (hasBody) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(credential)) {
    headers.set(name, name.toLowerCase() === rules.joined ? joinLists(headers.get(name), value) : value);
  }
  return headers;
}

/** Lengths and encodings are left out: the body is decoded by now, and who serves it frames it anew. */
export function engineHeaders(rules: HeaderRules, from: Headers): Headers {
  return pick(from, rules.response, rules.responsePrefixes);
}

function pick(from: Headers, names: ReadonlySet<string>, prefixes: readonly string[]): Headers {
  const picked = new Headers();
  for (const [name, value] of from) {
    if (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) picked.set(name, value);
  }
  return picked;
}

function joinLists(asked: string | null, added: string): string {
  const all = `${asked ?? ""},${added}`.split(",").map((item) => item.trim());
  return [...new Set(all.filter((item) => item !== ""))].join(",");
}
