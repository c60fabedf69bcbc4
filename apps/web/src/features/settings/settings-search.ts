export const SECTIONS = ["access", "secrets", "limits", "network", "server", "audit"] as const;
export type Section = (typeof SECTIONS)[number];

export interface SettingsSearch {
  section?: Exclude<Section, "access">;
}

export function readSettings({ section }: Record<string, unknown>): SettingsSearch {
  const known = SECTIONS.find((name) => name === section);
  return known === undefined || known === "access" ? {} : { section: known };
}
