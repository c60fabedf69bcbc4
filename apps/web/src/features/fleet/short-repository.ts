/** `owner/name` where the address says that, else the address. */
export function shortRepository(url: string): string {
  const path = /^(?:https?:\/\/[^/]+\/|ssh:\/\/[^/]+\/|[^@\s]+@[^:\s]+:)(.+?)(?:\.git)?\/?$/.exec(url)?.[1];
  return path ?? url;
}
