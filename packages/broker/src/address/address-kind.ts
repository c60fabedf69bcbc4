import { BlockList, isIP } from "node:net";

/** `private` is what a task may be given on request; everything else but `public` is closed for good. */
export type AddressKind =
  | "public"
  | "private"
  | "loopback"
  | "link-local"
  | "metadata"
  | "embedded"
  | "multicast"
  | "reserved";

interface Range {
  readonly kind: Exclude<AddressKind, "public">;
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/**
 * The first that holds an address names it: the clouds put metadata services into link-local, shared and unique
 * local ranges. The documentation ranges (TEST-NET) are public: machines do sit on them, and nothing is there to win.
 */
const RANGES: readonly Range[] = [
  {
    kind: "metadata",
    v4: [
      "169.254.169.254/32",
      "169.254.170.0/24",
      "168.63.129.16/32",
      "192.0.0.192/32",
      "100.100.100.200/32",
    ],
    v6: ["fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128", "fd00:42::42/128"],
  },
  { kind: "loopback", v4: ["127.0.0.0/8", "0.0.0.0/8"], v6: ["::1/128", "::/128"] },
  {
    // An IPv4 address inside an IPv6 one: compatible, mapped, translated, NAT64, Teredo, 6to4.
    kind: "embedded",
    v4: [],
    v6: [
      "::/96",
      "::ffff:0:0/96",
      "::ffff:0:0:0/96",
      "64:ff9b::/96",
      "64:ff9b:1::/48",
      "2001::/32",
      "2002::/16",
    ],
  },
  { kind: "link-local", v4: ["169.254.0.0/16"], v6: ["fe80::/10", "fec0::/10"] },
  {
    kind: "private",
    v4: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
    v6: ["fc00::/7"],
  },
  { kind: "multicast", v4: ["224.0.0.0/4"], v6: ["ff00::/8"] },
  {
    kind: "reserved",
    v4: ["192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"],
    // Only 2000::/3 is given out for the public internet; the rest of the space is closed unseen.
    v6: ["2001:10::/28", "2001:20::/28", "::/3", "4000::/2", "8000::/1"],
  },
];

// A list a family: a BlockList that holds ::ffff:0:0/96 would find every plain v4 address in it.
const compiled = RANGES.map(({ kind, v4, v6 }) => ({ kind, v4: listOf(v4, "ipv4"), v6: listOf(v6, "ipv6") }));

/** What is not an address is `reserved`: nothing that cannot be judged is ever public. */
export function addressKind(address: string): AddressKind {
  const version = isIP(address);
  // An address with a zone (fe80::1%eth0) means something on this machine's own links only.
  if (version === 0 || address.includes("%")) return "reserved";
  for (const range of compiled) {
    const found = version === 4 ? range.v4.check(address, "ipv4") : range.v6.check(address, "ipv6");
    if (found) return range.kind;
  }
  return "public";
}

function listOf(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", prefix = "0"] = range.split("/");
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
}
