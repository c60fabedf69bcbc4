import type { SettingsInputs } from "./inputs.ts";

/** Where Agency keeps what it makes (`data`) and where people tell it what they want (`config`). */
export interface Folders {
  data: string;
  config: string;
}

/** AGENCY_HOME holds everything; else root has the system folders and everybody else the XDG ones. */
export function resolveFolders(home: string | null, inputs: SettingsInputs): Folders {
  if (home !== null) {
    const data = absolute(home, inputs);
    return { data, config: data };
  }
  if (inputs.uid === 0) return { data: "/var/lib/agency", config: "/etc/agency" };
  return {
    data: `${xdg("XDG_DATA_HOME", ".local/share", inputs)}/agency`,
    config: `${xdg("XDG_CONFIG_HOME", ".config", inputs)}/agency`,
  };
}

/** The XDG rules say to ignore a relative folder. */
function xdg(name: string, fallback: string, inputs: SettingsInputs): string {
  const value = inputs.env[name];
  return value?.startsWith("/") === true ? trimSlash(value) : `${trimSlash(inputs.userHome)}/${fallback}`;
}

function absolute(path: string, inputs: SettingsInputs): string {
  if (path.startsWith("/")) return trimSlash(path);
  if (path === "~" || path.startsWith("~/"))
    return trimSlash(`${trimSlash(inputs.userHome)}${path.slice(1)}`);
  return trimSlash(`${trimSlash(inputs.cwd)}/${path.replace(/^(\.\/)+/, "")}`);
}

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
