import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { AgencyError } from "@agency/contract";
import {
  foreignLook,
  knownSecret,
  secretHint,
  secretKind,
  secretNamesInWords,
  splitSecretName,
  tidySecret,
} from "@agency/core";
import type { KnownSecret, SecretKind } from "@agency/core";

export interface RecognisedSecret {
  readonly value: string;
  readonly kind: SecretKind;
  readonly hint: string;
  readonly use: string;
}

/** What was given under a name, ready to be sealed; refused when Agency could not use it. Never shows the value. */
export function recogniseSecret(
  name: string,
  given: { value: string; kind?: "api_key" | "oauth" | undefined },
): RecognisedSecret {
  const known = knownSecret(name);
  if ("problem" in known) throw refused(known.problem, `It uses these: ${secretNamesInWords()}.`);
  const { base } = splitSecretName(name);
  const tidy = tidySecret(base, given.value);
  if ("problem" in tidy) throw refused(`The value of ${name} ${tidy.problem}.`);
  const { value } = tidy;
  const look = foreignLook(base, value);
  if (look !== null)
    throw refused(`The value given for ${name} looks like ${look}.`, `${name}: ${known.use}`);
  const kind = given.kind === undefined ? secretKind(known, value) : forced(known, given.kind);
  const hint = base === "GITHUB_APP_PRIVATE_KEY" ? fingerprint(name, value) : hintOf(base, value);
  return { value, kind, hint, use: known.use };
}

function forced(known: KnownSecret, kind: "api_key" | "oauth"): SecretKind {
  if (known.kinds.includes(kind)) return kind;
  throw refused(`${known.name} cannot be presented as ${kind}.`, "Leave `kind` out.");
}

/** An app's id is printed on its public page. */
function hintOf(base: string, value: string): string {
  return base === "GITHUB_APP_ID" ? value : secretHint(value);
}

/** As GitHub shows it beside the keys of an app. */
function fingerprint(name: string, pem: string): string {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "rsa") throw new TypeError("not an RSA key");
    const der = createPublicKey(key).export({ type: "spki", format: "der" });
    return `SHA256:${createHash("sha256").update(der).digest("base64")}`;
  } catch {
    // The reason is left out: it may quote what it could not read.
    throw refused(
      `The value of ${name} is not an RSA private key in PEM without a passphrase.`,
      "Give the .pem file as GitHub made it, such as `agency secrets set GITHUB_APP_PRIVATE_KEY < app.pem`.",
    );
  }
}

function refused(message: string, next?: string): AgencyError {
  return new AgencyError("invalid_request", message, next === undefined ? {} : { next });
}
