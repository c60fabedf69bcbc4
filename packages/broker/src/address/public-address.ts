import { isIP } from "node:net";
import { lookup } from "node:dns/promises";
import { addressKind } from "./address-kind.ts";
import { createOwnAddresses } from "./own-addresses.ts";
import type { OwnAddresses } from "./own-addresses.ts";

export function isPublicAddress(address: string): boolean {
  return addressKind(address) === "public";
}

export type Vetted = { ok: true; address: string } | { ok: false; why: string };

const thisMachine = createOwnAddresses({ now: () => performance.now() });

/**
 * The one address to dial for a host, judged before anything is sent. The caller dials this very address,
 * so a name that answers differently the second time gains nothing. One bad answer refuses them all.
 */
export async function vetHost(
  hostname: string,
  allowInternal: boolean,
  own: OwnAddresses = thisMachine,
): Promise<Vetted> {
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(literal) ? [literal] : await addressesOf(literal);
  const [first] = addresses;
  if (first === undefined) return { ok: false, why: `no name server has an address for ${hostname}` };
  if (allowInternal) return { ok: true, address: first };
  if (!addresses.every(isPublicAddress)) {
    const why = `${hostname} is on an internal network, which is closed to tasks unless AGENCY_INTERNAL_HOSTS names it`;
    return { ok: false, why };
  }
  if (addresses.some((address) => own.has(address))) {
    return { ok: false, why: `${hostname} is the machine that runs Agency, which is closed to tasks` };
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
