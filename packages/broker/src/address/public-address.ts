import { BlockList, isIP } from "node:net";
import { lookup } from "node:dns/promises";

/** Not the public internet: loopback, private, link-local, shared, benchmark, multicast, reserved, and v6 forms of them. */
const internal = new BlockList();
const V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "168.63.129.16/32",
];
// ::/96 and the NAT64 and 6to4 ranges smuggle v4 addresses; fc00::/7 holds the clouds' metadata services.
const V6 = [
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];
for (const [ranges, family] of [
  [V4, "ipv4"],
  [V6, "ipv6"],
] as const) {
  for (const range of ranges) {
    const [network = "", prefix = "0"] = range.split("/");
    internal.addSubnet(network, Number(prefix), family);
  }
}

/** BlockList looks through ::ffff:a.b.c.d by itself. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !internal.check(address, version === 4 ? "ipv4" : "ipv6");
}

export type Vetted = { ok: true; address: string } | { ok: false; why: string };

/**
 * The one address to dial for a host, judged before anything is sent. The caller dials this very address,
 * so a name that answers differently the second time gains nothing. One bad answer refuses them all.
 */
export async function vetHost(hostname: string, allowInternal: boolean): Promise<Vetted> {
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(literal) ? [literal] : await addressesOf(literal);
  const [first] = addresses;
  if (first === undefined) return { ok: false, why: `${hostname} is not a known host` };
  if (!allowInternal && !addresses.every(isPublicAddress)) {
    return { ok: false, why: `${hostname} is on an internal network, which is closed to tasks` };
  }
  return { ok: true, address: first };
}

async function addressesOf(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map((answer) => answer.address);
  } catch {
    return [];
  }
}
