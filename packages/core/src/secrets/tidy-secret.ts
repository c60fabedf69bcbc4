import { MIN_SECRET_LENGTH } from "../redaction/redactor.ts";

/** What a terminal, an editor or a `.env` file did to a value on its way is undone; a sentence when it is no value. */
export type TidySecret = { readonly value: string } | { readonly problem: string };

export function tidySecret(base: string, pasted: string): TidySecret {
  if (base === "GITHUB_APP_PRIVATE_KEY") return { value: tidyPem(pasted) };
  // A terminal that is too narrow breaks a long token over several lines.
  const value = pasted.trim().replaceAll(/\s*[\r\n]+\s*/g, "");
  if (base === "GITHUB_APP_ID") {
    return /^[A-Za-z0-9._-]{1,64}$/.test(value)
      ? { value }
      : { problem: "is neither an App ID (a number) nor a Client ID" };
  }
  if (value.length < MIN_SECRET_LENGTH) {
    return {
      problem: `is shorter than ${MIN_SECRET_LENGTH} characters: too short to be kept out of logs by its value`,
    };
  }
  // A password may hold anything that can be typed; a token travels in a header as it is.
  const allowed = base === "GIT_TOKEN" && value.includes(":") ? /^[^\p{Cc}]+$/u : /^[\x21-\x7e]+$/;
  return allowed.test(value) ? { value } : { problem: "holds a character that no token has" };
}

/** PEM is its lines. Where a file allows only one, people write the line ends as `\n`. */
function tidyPem(pasted: string): string {
  const lines = pasted
    .trim()
    .replaceAll(String.raw`\n`, "\n")
    .split(/\r?\n/);
  return `${lines.map((line) => line.trim()).join("\n")}\n`;
}
