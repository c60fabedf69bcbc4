export interface ApiError {
  status: number;
  type: string;
  message: string;
  /** Asking again can help. Said out loud, because engines retry even a 401 for minutes. */
  retry: boolean;
}

/** An error as the vendor would say it, so that every engine shows its message. */
export function errorResponse({ status, type, message, retry }: ApiError): Response {
  const body = JSON.stringify({ type: "error", error: { type, message } });
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "x-should-retry": String(retry) },
  });
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
  closedPath: (method: string, path: string) =>
    refusal(
      403,
      "permission_error",
      `${method} ${path.slice(0, 200)} is not open from a sandbox. Only messages, count_tokens and models are.`,
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
  noCredential: (why: string) => refusal(401, "authentication_error", why),
  badRequest: (message: string) => refusal(400, "invalid_request_error", message),
  encoded: () => refusal(415, "invalid_request_error", "Send the request body without content-encoding."),
  tooLarge: (limit: number) =>
    refusal(
      413,
      "request_too_large",
      `The request body is larger than ${Math.floor(limit / 1024 / 1024)} MB.`,
    ),
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
