/**
 * One name for one repository, for what is kept of it. What a server might keep apart stays apart, as `x` and `x.git`,
 * or names in other case: sharing them would lend one repository's files to a task of the other.
 */
export function canonicalRepository(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url;
  const { protocol, host, pathname } = parsed;
  const path = pathname.replace(/\/+$/, "");
  return `${protocol}//${host}${host === GITHUB ? canonicalPath(host, path.replace(/\.git$/i, "")) : path}`;
}

/** GitHub does not tell names apart by their case; others may. `host`: in lower case. */
export function canonicalPath(host: string, path: string): string {
  return host === GITHUB ? path.toLowerCase() : path;
}

const GITHUB = "github.com";
