import { isIPv6 } from "node:net";

/** Who has one IPv6 address has the whole /64 it is in. Anything else is itself. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.replace(/%.*$/, "").toLowerCase().split("::", 2);
  const before = partsOf(head);
  const after = partsOf(tail ?? "");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${all.slice(0, 4).join(":")}::/64`;
}

export interface Place {
  network: string;
  /** What one tenant is given at once: a /48 of 65,536 networks, or a /24. */
  area: string;
  /** What one provider has: a /32 of 65,536 such areas, or a /16. */
  region: string;
}

/** Anything but an address is itself, everywhere. */
export function placeOf(address: string): Place {
  const network = networkOf(address);
  const parts = network.split(network.includes(":") ? ":" : ".");
  return { network, area: parts.slice(0, 3).join(":"), region: parts.slice(0, 2).join(":") };
}

/** An IPv4 address at the end is two parts. */
function partsOf(text: string): string[] {
  if (text === "") return [];
  return text
    .split(":")
    .flatMap((part) => (part.includes(".") ? [part, ""] : [part.replace(/^0+(?=.)/, "")]));
}
