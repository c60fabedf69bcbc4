import { UPLINK_PATHS } from "@agency/contract";

export interface CarriedRoute {
  readonly kind: "model" | "git";
  /** Path and query as they go out. */
  readonly path: string;
}

/** Only the model and git doors: whatever a path is spelled like, it never reaches the runner's own. */
export function carriedRoute(target: string | undefined): CarriedRoute | null {
  if (target === undefined || !target.startsWith("/") || target.startsWith("//")) return null;
  const url = parse(target);
  // The parser resolves dot segments and backslashes: a path it changes is a trick.
  if (url === null || `${url.pathname}${url.search}` !== target || climbs(url.pathname)) return null;
  if (url.pathname.startsWith(`${UPLINK_PATHS.model}/`)) return { kind: "model", path: target };
  if (url.pathname.startsWith(`${UPLINK_PATHS.git}/`)) return { kind: "git", path: target };
  return null;
}

/** Dot segments between encoded slashes, for a server that decodes before it routes. */
function climbs(pathname: string): boolean {
  try {
    return decodeURIComponent(pathname)
      .split(/[/\\]/)
      .some((segment) => segment === "." || segment === "..");
  } catch {
    return true;
  }
}

function parse(target: string): URL | null {
  try {
    return new URL(target, "http://uplink");
  } catch {
    return null;
  }
}
