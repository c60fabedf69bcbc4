/** `2026-11-21 14:05 UTC`: for people, wherever they and the server are. */
export function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
