import type { Setting } from "@agency/contract";

/** What sandboxes of this server may reach, sentence by sentence. */
export function networkWords(settings: readonly Setting[]): string[] {
  const listOf = (name: string) => {
    const value = settings.find((setting) => setting.name === name)?.value.trim() ?? "";
    return value === "none" ? "" : value;
  };
  const internal = listOf("AGENCY_INTERNAL_HOSTS");
  const dns = listOf("AGENCY_DNS");
  const allowed = listOf("AGENCY_ALLOWED_HOSTS");
  return [
    "Each run says what its sandbox may reach beside its model and its repositories: the public internet, some hosts, or nothing. A sandbox has no network of its own: every connection goes through the broker, and is in the run's log.",
    "Private networks, metadata services and this machine are closed, except private networks to a run that was allowed them.",
    internal === ""
      ? "No repository on an internal network may be read (AGENCY_INTERNAL_HOSTS)."
      : `Repositories on these internal hosts may be read: ${internal} (AGENCY_INTERNAL_HOSTS).`,
    dns === ""
      ? "Names are looked up with the name servers of this machine (AGENCY_DNS)."
      : `Names are looked up at ${dns} (AGENCY_DNS).`,
    allowed === ""
      ? "This server itself answers to its own address only (AGENCY_ALLOWED_HOSTS)."
      : `This server itself also answers to ${allowed} (AGENCY_ALLOWED_HOSTS).`,
  ];
}
