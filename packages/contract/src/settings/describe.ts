import type { Setting } from "../system.ts";
import type { ResolvedSettings } from "./resolve.ts";
import { SETTING_KEYS, SETTINGS } from "./table.ts";
import type { SettingKey } from "./table.ts";
import { keptBytesValue, keptSandboxValue, retentionValue, roomValue, spanValue } from "./values.ts";

/** Every setting as a person may see it: a secret only says that it is there. */
export function describeSettings(resolved: ResolvedSettings, scope: "client" | "server"): Setting[] {
  return SETTING_KEYS.filter((key) => SETTINGS[key].scope === scope || SETTINGS[key].scope === "both").map(
    (key) => ({
      name: SETTINGS[key].env,
      value: shownValue(key, resolved.settings[key]),
      source: resolved.sources[key].where,
    }),
  );
}

/** As one writes them, the largest unit first. */
const SPAN_UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };
const SIZE_UNITS = { t: 1024 ** 4, g: 1024 ** 3, m: 1024 ** 2, k: 1024, "": 1 };

function unitsOf(key: SettingKey): Record<string, number> | null {
  const { schema } = SETTINGS[key];
  if (schema === spanValue || schema === keptSandboxValue || schema === retentionValue) return SPAN_UNITS;
  return schema === keptBytesValue || schema === roomValue ? SIZE_UNITS : null;
}

function inUnits(amount: number, units: Record<string, number>): string {
  const fitting = Object.entries(units).find(([, size]) => amount > 0 && amount % size === 0);
  return fitting === undefined ? String(amount) : `${amount / fitting[1]}${fitting[0]}`;
}

function shownValue(key: SettingKey, value: ResolvedSettings["settings"][SettingKey]): string {
  const units = unitsOf(key);
  if (units !== null) return value === null ? "forever" : inUnits(Number(value), units);
  if (value === null) return "not set";
  if (key === "masterKeys") return "set";
  // It was refused if it held a secret.
  if (typeof value === "object" && "kind" in value) return value.kind === "s3" ? value.text : value.kind;
  if (typeof value === "object") return value.length === 0 ? "none" : value.map(String).join(", ");
  if (key === "sandboxMemory") return `${Math.round(Number(value) / 1024 ** 2)} MiB`;
  const secret = SETTINGS[key].secret;
  if (secret === "key") return maskKey(String(value));
  return secret === "url" ? maskUrl(String(value)) : String(value);
}

/** Four characters tell two keys apart; of a short key they would be too much of it. */
function maskKey(key: string): string {
  return key.length < 20 ? "set" : `set (ends …${key.slice(-4)})`;
}

/** Host and database only: the password may stand in the user part or in the query. */
function maskUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? "set" : `${url.protocol}//${url.host}${url.pathname}`;
}
