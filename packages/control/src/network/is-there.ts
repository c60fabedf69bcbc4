import { DEV_LIST } from "@agency/contract";
import type { NetworkSettings } from "@agency/core";

export function isThere({ lists }: Pick<NetworkSettings, "lists">, name: string): boolean {
  return name === DEV_LIST || lists.has(name);
}
