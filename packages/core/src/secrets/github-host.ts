/**
 * The host whose repositories an API of GitHub stands for: `api.github.com` for github.com; an Enterprise server has
 * its API at `api.<host>` or under `<host>/api/v3`. A token of one must not be shown to the other.
 */
export function githubHost(apiUrl: string): string {
  const { host, pathname } = parse(apiUrl);
  if (pathname.replace(/\/+$/, "") === "/api/v3") return host;
  return host.startsWith("api.") ? host.slice("api.".length) : "github.com";
}

function parse(url: string): { host: string; pathname: string } {
  const [, host = "", pathname = ""] = /^https?:\/\/([^/?#]+)([^?#]*)/i.exec(url) ?? [];
  return { host: host.toLowerCase(), pathname };
}
