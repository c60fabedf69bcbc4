import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { listPacks } from "./mirror-packs.ts";
import { packFolder, placeAt } from "./mirror-place.ts";
import type { MirrorPlace } from "./mirror-place.ts";

interface Standing {
  readonly place: MirrorPlace;
  readonly bytes: number;
  /** A copy of it is out. */
  readonly isLent: boolean;
  readonly usedAt: number;
}

/** The mirrors to give up, longest unused first, until the rest fits. */
export function surplus(standing: readonly Standing[], maxBytes: number): MirrorPlace[] {
  let over = standing.reduce((sum, { bytes }) => sum + bytes, 0) - maxBytes;
  const gone: MirrorPlace[] = [];
  for (const { place, bytes, isLent } of standing.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (over <= 0) break;
    if (isLent) continue;
    gone.push(place);
    over -= bytes;
  }
  return gone;
}

export async function readStanding(root: string): Promise<Standing[]> {
  const accounts = join(root, "accounts");
  const places: MirrorPlace[] = [];
  for (const account of await entries(accounts)) {
    for (const key of await entries(join(accounts, account)))
      places.push(placeAt(join(accounts, account, key)));
  }
  const found = await Promise.all(places.map((place) => standingOf(place).catch(() => null)));
  return found.filter((one) => one !== null);
}

async function standingOf(place: MirrorPlace): Promise<Standing> {
  const files = [...(await listPacks(place.repository)).values()].flat();
  const facts = await Promise.all(files.map((file) => stat(join(packFolder(place.repository), file))));
  return {
    place,
    bytes: facts.reduce((sum, { size }) => sum + size, 0),
    isLent: facts.some(({ nlink }) => nlink > 1),
    usedAt: await stat(place.used).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  };
}

/** First out of the way in one step, so that a removal cut short leaves nothing that looks like a mirror. */
export async function removeMirror({ repository, root }: MirrorPlace): Promise<void> {
  const gone = `${repository}.gone`;
  await rm(gone, { recursive: true, force: true });
  await rename(repository, gone).catch(() => undefined);
  await rm(root, { recursive: true, force: true });
}

export async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
