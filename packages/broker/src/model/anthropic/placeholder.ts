/**
 * The key a request presents. Null when it presents none; two different ones are a foreign key beside ours
 * and count as no match, as does anything but a plain bearer token.
 */
export function presentedKey(headers: Headers): string | null {
  const key = headers.get("x-api-key");
  const authorization = headers.get("authorization");
  const bearer = authorization === null ? null : (/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? "");
  if (key !== null && bearer !== null && key !== bearer) return "";
  return key ?? bearer;
}
