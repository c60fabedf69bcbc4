import type { WaitingPairing } from "@agency/core";
import { placeOf } from "./network-of.ts";
import type { Place } from "./network-of.ts";

/** A household with a few devices crowds nobody: so many count as one. */
const FEW = 3;

interface Placed extends Place {
  one: WaitingPairing;
}

/**
 * Who makes room for one more: the oldest of the network that most ask from, in the area that most ask from, in the
 * region that most ask from. So whoever asks from one place, however large, pushes out their own. Only a crowd from
 * everywhere, which is larger in none of its places than anybody else, pushes out who has waited longest.
 */
export function mostCrowding(waiting: readonly WaitingPairing[]): string | null {
  // On the event loop while a transaction has its lock: once through, and nothing is sorted.
  const [regions, areas, networks] = [newCounts(), newCounts(), newCounts()];
  const placed = waiting.map((one): Placed => {
    const place = placeOf(one.address);
    regions.add(place.region);
    areas.add(place.area);
    networks.add(place.network);
    return { one, ...place };
  });
  const crowding = (a: Placed, b: Placed) =>
    regions.of(a.region) - regions.of(b.region) ||
    areas.of(a.area) - areas.of(b.area) ||
    networks.of(a.network) - networks.of(b.network) ||
    b.one.requestedAt - a.one.requestedAt;
  let most = placed[0];
  for (const each of placed) if (most !== undefined && crowding(each, most) > 0) most = each;
  return most?.one.id ?? null;
}

function newCounts() {
  const counts = new Map<string, number>();
  return {
    add: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1),
    of(name: string): number {
      const count = counts.get(name) ?? 0;
      return count <= FEW ? 1 : count;
    },
  };
}
