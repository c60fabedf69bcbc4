import { isIP } from "node:net";

/** Where a connection wants to go, as the parser of URLs understands it. */
export interface Target {
  /** Lower case, no trailing dot, no brackets. */
  readonly host: string;
  readonly port: number;
  readonly isLiteral: boolean;
}

const MAX_HOST = 253;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([1-9]\d{0,4})$/;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Strict: no user, no path, no percent sign, no space or control byte, plain ASCII (names in other scripts are
 * sent as punycode). What is left goes through the parser of URLs, so that 127.1, 0x7f.1 and 2130706433 are
 * seen as the address they mean before anything is judged.
 */
export function parseTarget(authority: string): Target | null {
  const [, spelled, digits] = AUTHORITY.exec(authority) ?? [];
  if (spelled === undefined || digits === undefined) return null;
  const port = Number(digits);
  const url = `http://${spelled}/`;
  if (port > 65_535 || !URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) !== 0) return { host: bare, port, isLiteral: true };
  const host = hostname.replace(/\.$/, "");
  if (host.length > MAX_HOST || !host.split(".").every((label) => LABEL.test(label))) return null;
  return { host, port, isLiteral: false };
}

/** What a name leads to, as if it had been asked for itself. */
export function addressTarget(address: string, { port }: Pick<Target, "port">): Target {
  return { host: address, port, isLiteral: true };
}

/** As it is written: an IPv6 address in brackets. */
export function targetText({ host, port }: Pick<Target, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
