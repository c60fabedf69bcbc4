import { canonicalPath } from "@agency/core";

export interface RepositoryAddress {
  readonly scheme: "http" | "https";
  /** In lower case, with the port when it is not the scheme's own. */
  readonly host: string;
  /** `owner/name`: no slash at either end, no `.git`. */
  readonly path: string;
  /** As it is dialled. */
  readonly url: string;
}

const SEGMENT = /^(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;
const MAX_PATH = 1_024;

/**
 * One spelling for one repository, or null. What a server behind could read in two ways is refused: dot segments,
 * empty segments, encoded slashes, controls, and a percent sign that decodes to another one.
 */
export function repositoryAt(scheme: string, host: string, path: string): RepositoryAddress | null {
  if (scheme !== "http" && scheme !== "https") return null;
  const parsed = /[/?#@\\%\s]/.test(host) ? null : URL.parse(`${scheme}://${host}/`);
  const bare = path.replace(/^\//, "").replace(/\/$/, "");
  if (parsed === null || parsed.pathname !== "/" || bare.length > MAX_PATH) return null;
  if (bare === "" || !bare.split("/").every(isPlainSegment)) return null;
  const named = bare.replace(/(?<=[^/])\.git$/, "");
  return { scheme, host: parsed.host, path: named, url: `${scheme}://${parsed.host}/${bare}` };
}

export function repositoryOfUrl(text: string): RepositoryAddress | null {
  // Not taken from the parsed URL: that has its dot segments resolved already.
  const [, scheme = "", host = "", path = ""] = /^(https?):\/\/([^/?#]+)(\/[^?#]*)$/i.exec(text) ?? [];
  return repositoryAt(scheme.toLowerCase(), host, path);
}

export function isSameRepository(a: RepositoryAddress, b: RepositoryAddress): boolean {
  if (!isSameOrigin(a, b)) return false;
  return canonicalPath(a.host, a.path) === canonicalPath(b.host, b.path);
}

export function isSameOrigin(a: RepositoryAddress, b: RepositoryAddress): boolean {
  return a.scheme === b.scheme && a.host === b.host;
}

function isPlainSegment(segment: string): boolean {
  if (!SEGMENT.test(segment)) return false;
  try {
    const plain = decodeURIComponent(segment);
    return plain !== "." && plain !== ".." && !/[\x00-\x1f\x7f/\\%]/.test(plain);
  } catch {
    return false;
  }
}
