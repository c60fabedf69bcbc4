/** The words of SOCKS5 (RFC 1928), as bytes. */

export const SOCKS_VERSION = 5;

export const SOCKS_REPLY = {
  granted: 0,
  notAllowed: 2,
  hostUnreachable: 4,
  connectionRefused: 5,
  timedOut: 6,
  commandUnknown: 7,
  addressUnknown: 8,
} as const;
export type SocksReply = (typeof SOCKS_REPLY)[keyof typeof SOCKS_REPLY];

const NO_AUTHENTICATION = 0;
const CONNECT = 1;

/** Nobody signs in here: the port is inside the sandbox, and what leads out of it has the attempt's own token. */
export function socksMethod(offered: Buffer): Buffer {
  return Buffer.of(SOCKS_VERSION, offered.includes(NO_AUTHENTICATION) ? NO_AUTHENTICATION : 0xff);
}

/** The bound address is never told: it is the control plane's. */
export function socksReply(code: SocksReply): Buffer {
  return Buffer.of(SOCKS_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0);
}

export type AddressForm = "v4" | "v6" | "domain";

/** Version, command, a reserved byte and the form of the address: what follows, or why nothing will. */
export function socksRequest(head: Buffer): AddressForm | SocksReply | "foreign" {
  const [version, command, , form] = head;
  if (version !== SOCKS_VERSION) return "foreign";
  if (command !== CONNECT) return SOCKS_REPLY.commandUnknown;
  if (form === 1) return "v4";
  if (form === 3) return "domain";
  return form === 4 ? "v6" : SOCKS_REPLY.addressUnknown;
}

/** `host:port`, or null for a name with a byte that no name has: `evil.example\0.allowed.example` is two names to two readers. */
export function socksTarget(form: AddressForm, address: Buffer, port: Buffer): string | null {
  const host =
    form === "domain" ? nameOf(address) : form === "v4" ? address.join(".") : `[${hextets(address)}]`;
  return host === null ? null : `${host}:${port.readUInt16BE(0)}`;
}

function nameOf(bytes: Buffer): string | null {
  const name = bytes.toString("latin1");
  return /^[A-Za-z0-9._-]+$/.test(name) ? name : null;
}

function hextets(address: Buffer): string {
  return Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16)).join(":");
}
