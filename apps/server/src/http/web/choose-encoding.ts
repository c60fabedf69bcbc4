import type { Encoding } from "./asset-list.ts";

/** The first of `available` that the client takes; null for the bytes as they are. */
export function chooseEncoding(header: string | undefined, available: readonly Encoding[]): Encoding | null {
  const wanted = new Map(
    (header ?? "").split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const quality = parameters.find((text) => text.startsWith("q="))?.slice(2);
      return [name, quality === undefined ? 1 : Number(quality)] as const;
    }),
  );
  const takes = (name: string) => (wanted.get(name) ?? wanted.get("*") ?? 0) > 0;
  return available.find(takes) ?? null;
}
