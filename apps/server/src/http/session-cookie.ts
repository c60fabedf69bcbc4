import type { Visiting } from "./env.ts";

/** Browsers refuse to take a `__Host-` cookie from anything but https, with a path or a domain of its own. */
const SECURE_NAME = "__Host-agency";

/**
 * On plain http the port is part of the name: cookies know no ports, and two instances of one machine would sign
 * each other out.
 */
export function cookieName({ https, host }: Visiting): string {
  return https ? SECURE_NAME : `agency-${/:(\d+)$/.exec(host)?.[1] ?? "80"}`;
}

/** Null when there is none, or more than one: then somebody else has set one of them. */
export function readCookie(header: string | undefined, name: string): string | null {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? (values[0] ?? null) : null;
}

export function setCookie(visiting: Visiting, token: string, expiresAt: number, now: number): string {
  const seconds = Math.max(0, Math.floor((expiresAt - now) / 1000));
  return [`${cookieName(visiting)}=${token}`, `Max-Age=${seconds}`, ...attributes(visiting)].join("; ");
}

export function clearCookie(visiting: Visiting): string {
  return [`${cookieName(visiting)}=`, "Max-Age=0", ...attributes(visiting)].join("; ");
}

function attributes({ https }: Visiting): string[] {
  return ["Path=/", "HttpOnly", "SameSite=Strict", ...(https ? ["Secure"] : [])];
}
