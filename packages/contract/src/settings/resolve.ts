import { resolveFolders } from "./folders.ts";
import type { Folders } from "./folders.ts";
import type { SettingsInputs, SettingSource, Variables } from "./inputs.ts";
import { readConfigFile, readDotenv } from "./layers.ts";
import type { Layer } from "./layers.ts";
import { nearest } from "./nearest.ts";
import { SETTING_KEYS, SETTINGS } from "./table.ts";
import type { SettingKey, Settings } from "./table.ts";

export interface ResolvedSettings {
  settings: Settings;
  sources: Record<SettingKey, SettingSource>;
  folders: Folders;
  /** What `.env` gave, by variable: for a process that is started in another folder. */
  dotenv: Record<string, string>;
  /** Sentences. Whoever gets one must not start: the setting holds its default instead. */
  problems: string[];
  /** Sentences about what was ignored. */
  warnings: string[];
}

/** flag > environment > .env > config.json > default. */
export function resolveSettings(inputs: SettingsInputs): ResolvedSettings {
  const notes = { problems: [] as string[], warnings: unknownVariables(inputs.env) };
  const early = [flagLayer(inputs), environmentLayer(inputs), readDotenv(inputs, notes)];
  const home = pick("home", early, notes.problems);
  const folders = resolveFolders(home.value as string | null, inputs);
  const layers = [...early, readConfigFile(`${folders.config}/config.json`, inputs, notes)];

  const values: Partial<Record<SettingKey, unknown>> = {};
  const sources: Partial<Record<SettingKey, SettingSource>> = {};
  const dotenv: Record<string, string> = {};
  for (const key of SETTING_KEYS) {
    const picked = key === "home" ? { ...home, value: folders.data } : pick(key, layers, notes.problems);
    values[key] = picked.value;
    sources[key] = picked.source;
    if (picked.source.kind === "dotenv") dotenv[SETTINGS[key].env] = picked.text;
  }
  return {
    settings: values as Settings,
    sources: sources as ResolvedSettings["sources"],
    folders,
    dotenv,
    ...notes,
  };
}

interface Picked {
  text: string;
  value: unknown;
  source: SettingSource;
}

function pick(key: SettingKey, layers: Layer[], problems: string[]): Picked {
  const { env, schema, secret, default: fallback } = SETTINGS[key];
  for (const layer of layers) {
    const found = layer(key);
    if (found === null) continue;
    const parsed = schema.safeParse(found.text);
    if (parsed.success) return { ...found, value: parsed.data };
    const message = parsed.error.issues[0]?.message ?? "cannot be used";
    const said = secret === undefined ? `${found.source.where}: "${found.text}"` : found.source.where;
    problems.push(`${env} ${message} (${said}).`);
    break;
  }
  const source: SettingSource = { kind: "default", where: "default" };
  return { text: fallback ?? "", value: fallback === null ? null : schema.parse(fallback), source };
}

const flagLayer =
  ({ flags }: SettingsInputs): Layer =>
  (key) => {
    const flag = flags?.[key];
    return flag === undefined ? null : { text: flag.value, source: { kind: "flag", where: flag.flag } };
  };

/** A variable that is there but empty counts as not set, as in most tools. */
const environmentLayer =
  ({ env }: SettingsInputs): Layer =>
  (key) => {
    const text = env[SETTINGS[key].env];
    if (text === undefined || text === "") return null;
    return { text, source: { kind: "environment", where: "environment" } };
  };

function unknownVariables(env: Variables): string[] {
  const known = SETTING_KEYS.map((key) => SETTINGS[key].env);
  return Object.keys(env)
    .filter((name) => name.startsWith("AGENCY_") && !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      return `${name} in the environment is not a setting${meant === null ? "." : `; did you mean ${meant}?`}`;
    });
}
