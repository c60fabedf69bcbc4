import type { WaitingPairing } from "@agency/core";
import { areaOf, networkOf } from "./network-of.ts";

/**
 * Who makes room for one more: the oldest of the network that most ask from, in the neighbourhood that most ask from.
 * So whoever crowds a place pushes out their own, and however much they ask, nobody else.
 */
export function mostCrowding(waiting: readonly WaitingPairing[]): string | null {
  const places = waiting.map((one) => ({ one, network: networkOf(one.address), area: areaOf(one.address) }));
  const inNetwork = countBy(places.map(({ network }) => network));
  const inArea = countBy(places.map(({ area }) => area));
  const order = places.toSorted(
    (a, b) =>
      (inArea.get(b.area) ?? 0) - (inArea.get(a.area) ?? 0) ||
      (inNetwork.get(b.network) ?? 0) - (inNetwork.get(a.network) ?? 0) ||
      a.one.requestedAt - b.one.requestedAt,
  );
  return order[0]?.one.id ?? null;
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
