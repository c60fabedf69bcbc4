/**
 * What was typed cannot be carried out. Looks like AgencyError to the error boundary, but comes without
 * the contract, whose schemas take longer to load than `agency --help` should take as a whole.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "invalid_request";
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
