/** The Authorization header git servers take: a token's user differs from host to host. */
export function gitAuthorization(value: string, github: boolean): string {
  const user = github ? "x-access-token" : "oauth2";
  const pair = value.includes(":") ? value : `${user}:${value}`;
  const bytes = new TextEncoder().encode(pair);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}
