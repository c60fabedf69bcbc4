import { VENDORS } from "../ports/engine.ts";
import type { Vendor } from "../ports/engine.ts";

/** The secrets that open a vendor's model API, the one that is tried first first. */
export const CREDENTIAL_NAMES: Readonly<Record<Vendor, readonly string[]>> = {
  anthropic: ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"],
  openai: ["OPENAI_API_KEY"],
};

/** Whose model API a secret opens, whatever its label: `ANTHROPIC_API_KEY@work` is one of anthropic. */
export function vendorOfSecret(name: string): Vendor | null {
  const [kind = ""] = name.split("@", 1);
  return VENDORS.find((vendor) => CREDENTIAL_NAMES[vendor].includes(kind)) ?? null;
}
