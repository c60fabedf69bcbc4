/** What the server answers instead of doing what it was asked. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const denied = (message: string) => new S3Error(403, "AccessDenied", message);
export const invalid = (message: string) => new S3Error(400, "InvalidRequest", message);
export const unknownOperation = () =>
  new S3Error(501, "NotImplemented", "A header or parameter implies functionality that is not implemented.");
