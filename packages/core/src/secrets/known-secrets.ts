import { vendorOfSecret } from "../engines/credential-names.ts";
import type { SecretRow } from "../ports/secret-store.ts";

export type SecretKind = SecretRow["kind"];

/** What may stand behind `@` in a name. */
type Label = "none" | "pool" | "host";

export interface KnownSecret {
  readonly name: string;
  /** What it can be; the first one when its value does not tell. */
  readonly kinds: readonly [SecretKind, ...SecretKind[]];
  readonly label: Label;
  readonly use: string;
}

/** Agency has no use for any other: storing one would do nothing. */
const KNOWN: readonly KnownSecret[] = [
  {
    name: "ANTHROPIC_API_KEY",
    kinds: ["api_key", "oauth"],
    label: "pool",
    use: "Calls to Anthropic's models.",
  },
  {
    name: "CLAUDE_CODE_OAUTH_TOKEN",
    kinds: ["oauth", "api_key"],
    label: "pool",
    use: "Calls to Anthropic's models with a Claude subscription.",
  },
  {
    name: "OPENAI_API_KEY",
    kinds: ["api_key"],
    label: "pool",
    use: "Calls to OpenAI's models, or to a server that speaks its API.",
  },
  {
    name: "GITHUB_TOKEN",
    kinds: ["token"],
    label: "none",
    use: "Repositories on GitHub.",
  },
  {
    name: "GIT_TOKEN",
    kinds: ["token"],
    label: "host",
    use: "Repositories on the host behind the @.",
  },
  {
    name: "GITHUB_APP_ID",
    kinds: ["app"],
    label: "none",
    use: "Repositories on GitHub where the app is installed: its App ID or Client ID.",
  },
  {
    name: "GITHUB_APP_PRIVATE_KEY",
    kinds: ["app"],
    label: "none",
    use: "Repositories on GitHub where the app is installed: its private key.",
  },
];

export interface SecretName {
  readonly base: string;
  readonly label: string;
}

export function splitSecretName(name: string): SecretName {
  const at = name.indexOf("@");
  return at === -1 ? { base: name, label: "" } : { base: name.slice(0, at), label: name.slice(at + 1) };
}

/** What Agency uses the secret for, or a sentence about why the name is none it could use. */
export function knownSecret(name: string): KnownSecret | { readonly problem: string } {
  const { base, label } = splitSecretName(name);
  const known = KNOWN.find((entry) => entry.name === base);
  if (known === undefined) return { problem: `Agency has no use for a secret named ${name}.` };
  if (known.label === "none" && label !== "") {
    return { problem: `There is only one ${base}: nothing can stand behind it.` };
  }
  if (known.label === "host" && label === "") {
    return { problem: `${base} needs the host it is for, such as ${base}@git.example.com.` };
  }
  return known;
}

export function secretNamesInWords(): string {
  return KNOWN.map(({ name, label }) => {
    if (label === "host") return `${name}@git.example.com`;
    return label === "pool" ? `${name} (or ${name}@label for one more)` : name;
  }).join(", ");
}

/** How a value of this name is presented to its vendor when nobody said it: told from its beginning. */
export function secretKind(known: KnownSecret, value: string): SecretKind {
  if (vendorOfSecret(known.name) !== "anthropic") return known.kinds[0];
  if (value.startsWith("sk-ant-oat")) return "oauth";
  return value.startsWith("sk-ant-api") ? "api_key" : known.kinds[0];
}

/** Plain names first, then the labels in order: the order in which credentials of one level are tried. */
export function compareSecretNames(a: string, b: string): number {
  const [left, right] = [splitSecretName(a), splitSecretName(b)];
  return compare(left.label, right.label) || compare(left.base, right.base);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
