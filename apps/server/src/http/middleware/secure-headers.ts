import type { ApiMiddleware } from "../env.ts";

export const SECURE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/** Set before the handler runs: an event stream writes its own head, and what comes after is too late for it. */
export const secureHeaders: ApiMiddleware = async (c, next) => {
  for (const [name, value] of Object.entries(SECURE_HEADERS)) c.header(name, value);
  await next();
};
