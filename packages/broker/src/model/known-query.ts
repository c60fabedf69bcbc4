/** The parameters an endpoint knows, and no others. */
export function knownQuery(url: string, names: readonly string[]): string {
  const known = new URLSearchParams();
  for (const [name, value] of new URL(url).searchParams) if (names.includes(name)) known.append(name, value);
  const text = known.toString();
  return text === "" ? "" : `?${text}`;
}
