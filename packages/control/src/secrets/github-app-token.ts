import { sign } from "node:crypto";

export interface GithubAppKey {
  /** App ID or Client ID. */
  readonly id: string;
  readonly privateKey: string;
}

/** The JWT a GitHub App shows. GitHub allows ten minutes; a minute back, for clocks that differ. */
export function githubAppToken({ id, privateKey }: GithubAppKey, now: number): string {
  const seconds = Math.floor(now / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: seconds - 60, exp: seconds + 540, iss: id })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}
