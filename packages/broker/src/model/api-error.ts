export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  /** Asking again can help. Said out loud, because engines retry even a 401 for minutes. */
  readonly retry: boolean;
}

const refusal = (status: number, type: string, message: string): ApiError => ({
  status,
  type,
  message,
  retry: false,
});
const trouble = (status: number, type: string, message: string): ApiError => ({
  status,
  type,
  message,
  retry: true,
});

export const apiErrors = {
  closedPath: (method: string, path: string, open: string) =>
    refusal(
      403,
      "permission_error",
      `${method} ${path.slice(0, 200)} is not open from a sandbox. Only ${open} are.`,
    ),
  closedField: (field: string) =>
    refusal(
      403,
      "permission_error",
      `${field} is not open from this sandbox: it would make the model's vendor reach into the network, which this task may not. Leave it out, or give the task the network "internet".`,
    ),
  noKey: () =>
    refusal(401, "authentication_error", "The request carries no key. Use the one this run was given."),
  foreignKey: () =>
    refusal(
      401,
      "authentication_error",
      "This is not the key of this run. From a sandbox only the key that the run was given is accepted.",
    ),
  fenced: () =>
    refusal(
      403,
      "permission_error",
      "This run has ended or was taken over by a newer attempt. It makes no more calls.",
    ),
  noCredential: (vendor: string, howToAdd: string) =>
    refusal(401, "authentication_error", `No credential for ${vendor} is set. ${howToAdd}`),
  badRequest: (message: string) => refusal(400, "invalid_request_error", message),
  encoded: () => refusal(415, "invalid_request_error", "Send the request body without content-encoding."),
  tooLarge: (limit: number) =>
    refusal(
      413,
      "request_too_large",
      `The request body is larger than ${Math.floor(limit / 1024 / 1024)} MB.`,
    ),
  slowBody: () => trouble(408, "invalid_request_error", "The request body did not arrive in time."),
  crowded: () =>
    trouble(
      529,
      "overloaded_error",
      "Too much input for the model is on its way at once. Try again shortly.",
    ),
  gateDown: () =>
    trouble(
      503,
      "api_error",
      "Agency could not check this run's budget, so the call was not made. It can be tried again.",
    ),
  broken: () =>
    trouble(502, "api_error", "Agency's model broker failed on this call. It can be tried again."),
  held: (message: string) => trouble(503, "api_error", message),
  callerGone: () => refusal(499, "api_error", "The caller went away."),
  malformedUpstream: () =>
    refusal(502, "api_error", "The model API's address or credential in Agency's settings is malformed."),
  redirected: () =>
    refusal(502, "api_error", "The model API answered with a redirect, which is not followed."),
  tooLong: () =>
    refusal(502, "api_error", "The model API's answer is larger than Agency takes in one piece."),
  slow: (code: string) => trouble(504, "timeout_error", `The model API did not answer in time (${code}).`),
  unreachable: (code: string) => trouble(502, "api_error", `The model API could not be reached (${code}).`),
};
