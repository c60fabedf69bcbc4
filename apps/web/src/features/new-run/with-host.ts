/** The hosts as they stand, with one more at the end unless it is among them. */
export function withHost(hosts: string, one: string): string {
  const all = hosts
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");
  return all.includes(one) ? hosts : [...all, one].join(", ");
}
