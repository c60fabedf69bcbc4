import type { Variables } from "../world.ts";

/** The program that shows a file or an address on this desktop; null where there is none. */
export function openerOf(platform: string, env: Variables): string | null {
  if (platform === "darwin") return "open";
  const desktop = (env.DISPLAY ?? "") !== "" || (env.WAYLAND_DISPLAY ?? "") !== "";
  return desktop ? "xdg-open" : null;
}
