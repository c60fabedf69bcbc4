/** An archive that cannot be what was stored: damaged, or made to do harm. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}
