import { statfs } from "node:fs/promises";
import { AgencyError } from "@agency/contract";

export interface RoomTaken {
  /** So much of it is on the disk now. */
  used(bytes: number): void;
  release(): void;
}

/** What is left of a disk for objects. Several servers on one disk know only their own. */
export interface DiskRoom {
  /** Before anything is written. Throws `unavailable` when less than the floor would be left. */
  take(key: string, bytes: number): Promise<RoomTaken>;
}

export function openDiskRoom(floorBytes: number, freeBytes: () => Promise<number>): DiskRoom {
  /** To writers who have not written it yet. */
  let promised = 0;
  return {
    async take(key, bytes) {
      let left = bytes;
      // Before the disk is asked: of two at once each counts the other.
      promised += left;
      const release = (): void => {
        promised -= left;
        left = 0;
      };
      const used = (now: number): void => {
        const part = Math.min(now, left);
        left -= part;
        promised -= part;
      };
      try {
        if (floorBytes > 0 && (await freeBytes()) - promised < floorBytes) throw tooFull(key, floorBytes);
      } catch (error) {
        release();
        throw error;
      }
      return { used, release };
    },
  };
}

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function tooFull(key: string, floorBytes: number): AgencyError {
  return new AgencyError(
    "unavailable",
    `"${key}" was not stored: less than ${floorBytes} bytes of the disk would be left free.`,
    { next: "Free space on that disk, or change AGENCY_FREE_BYTES. What was stored before is untouched." },
  );
}
