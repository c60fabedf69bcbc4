import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Clock } from "@agency/core";

/** The addresses this machine answers at, public ones too: what listens here was not put up for tasks. */
export interface OwnAddresses {
  has(address: string): boolean;
}

/** Interfaces come and go with containers and VPNs; asking for them takes a system call each. */
const KNOWN_FOR_MS = 5_000;

export function createOwnAddresses(
  clock: Pick<Clock, "now">,
  read: () => readonly string[] = interfaces,
): OwnAddresses {
  let known = new BlockList();
  let until = Number.NEGATIVE_INFINITY;
  return {
    has(address) {
      const family = familyOf(address);
      if (family === null) return false;
      if (clock.now() >= until) {
        known = listOf(read());
        until = clock.now() + KNOWN_FOR_MS;
      }
      return known.check(address, family);
    },
  };
}

function interfaces(): string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
}

function listOf(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const address of addresses) {
    const family = familyOf(address);
    if (family !== null) list.addAddress(address, family);
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? "ipv4" : "ipv6";
}
