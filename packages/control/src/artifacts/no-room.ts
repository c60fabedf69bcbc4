import { AgencyError } from "@agency/contract";

/** Only people make room: the same again does not help, and a run goes on without it. */
export function noRoomError(bytes: number, most: number): AgencyError {
  return new AgencyError(
    "storage_full",
    `Another ${bytes} bytes cannot be kept: all that this account stores may have ${most} bytes.`,
    {
      next: "Delete tasks with `agency delete`, keep less with `agency retention set`, or raise AGENCY_ACCOUNT_BYTES.",
    },
  );
}
