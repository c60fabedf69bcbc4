import { vendorOfSecret } from "../engines/credential-names.ts";

/** Whose a value is, as far as its beginning tells. `null`: nobody's that Agency could use. */
interface Look {
  readonly beginning: RegExp;
  readonly what: string;
  readonly of: "anthropic" | "openai" | "github" | "app-key" | null;
}

/**
 * Only beginnings that nobody else gives out. Gateways hand out keys of their own (LiteLLM's begin with `sk-`),
 * so what is not known here may be anybody's.
 */
const LOOKS: readonly Look[] = [
  { beginning: /^sk-ant-agency_/, what: "a placeholder that Agency gives to engines", of: null },
  { beginning: /^sk-ant-admin/, what: "an Anthropic admin key, which opens no model", of: null },
  { beginning: /^sk-ant-ort/, what: "a refresh token of a Claude subscription", of: null },
  { beginning: /^sk-ant-sid/, what: "a browser session of claude.ai", of: null },
  { beginning: /^sk-ant-oat/, what: "a token of a Claude subscription", of: "anthropic" },
  { beginning: /^sk-ant-/, what: "an Anthropic API key", of: "anthropic" },
  { beginning: /^sk-admin-/, what: "an OpenAI admin key, which opens no model", of: null },
  { beginning: /^sk-(?:proj|svcacct|None)-/, what: "an OpenAI API key", of: "openai" },
  { beginning: /^sk-[A-Za-z0-9]{20}T3BlbkFJ/, what: "an OpenAI API key", of: "openai" },
  { beginning: /^(?:gh[pousr]_|github_pat_)/, what: "a GitHub token", of: "github" },
  { beginning: /^-----BEGIN [A-Z ]*PRIVATE KEY-----/, what: "a private key", of: "app-key" },
  { beginning: /^agk_/, what: "an API key of Agency itself", of: null },
];

/** What the value looks like when it cannot be what the name says; null when it may be. */
export function foreignLook(base: string, value: string): string | null {
  const look = LOOKS.find(({ beginning }) => beginning.test(value));
  if (look === undefined) return null;
  return look.of !== null && fits(base, look.of) ? null : look.what;
}

function fits(base: string, of: string): boolean {
  const vendor = vendorOfSecret(base);
  if (vendor !== null) return vendor === of;
  if (base === "GITHUB_APP_PRIVATE_KEY") return of === "app-key";
  return of === "github" && (base === "GITHUB_TOKEN" || base === "GIT_TOKEN");
}
