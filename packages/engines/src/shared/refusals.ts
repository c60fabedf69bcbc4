import { AgencyError } from "@agency/contract";

export function noMoreInput(inputId: string): AgencyError {
  return new AgencyError(
    "conflict",
    `The run takes no more input; the message ${inputId} was not delivered.`,
    {
      next: "Start a new run that resumes the session.",
    },
  );
}
