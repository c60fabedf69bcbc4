import { nearest } from "./nearest.ts";
import type { SettingsInputs, SettingSource } from "./inputs.ts";
import { SETTING_KEYS, SETTINGS } from "./table.ts";
import type { SettingKey } from "./table.ts";

/** One place settings come from: the text of a setting and where it was found. */
export type Layer = (key: SettingKey) => { text: string; source: SettingSource } | null;

interface Notes {
  problems: string[];
  warnings: string[];
}

const nothing: Layer = () => null;

export function readDotenv(inputs: SettingsInputs, notes: Notes): Layer {
  const path = `${inputs.cwd === "/" ? "" : inputs.cwd}/.env`;
  const text = readOrNote(path, inputs, notes);
  if (text === null) return nothing;
  const values = inputs.parseEnv(text);
  const trusted = inputs.cwd === inputs.installRoot;
  const isSet = (key: SettingKey) => (values[SETTINGS[key].env] ?? "") !== "";
  const mayNot = SETTING_KEYS.filter((key) => !trusted && SETTINGS[key].project !== true && isSet(key));
  for (const key of mayNot) {
    const what = `${SETTINGS[key].env} in ${path} is ignored: the .env of a project may not change it.`;
    notes.warnings.push(`${what} Set it in the environment or in config.json.`);
  }
  return (key) => {
    if (!isSet(key) || mayNot.includes(key)) return null;
    return { text: values[SETTINGS[key].env] ?? "", source: { kind: "dotenv", where: path } };
  };
}

export function readConfigFile(path: string, inputs: SettingsInputs, notes: Notes): Layer {
  const text = readOrNote(path, inputs, notes);
  if (text === null) return nothing;
  const content = parseObject(text);
  if (content === null) {
    notes.problems.push(`${path} is not a JSON object. Correct it, or remove it to use the defaults.`);
    return nothing;
  }
  const known: string[] = SETTING_KEYS.filter((key) => key !== "home");
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(content)) {
    const setting = settingText(value);
    if (!known.includes(key)) notes.problems.push(unknownKey(path, key, known));
    else if (setting === undefined)
      notes.problems.push(`${path}: "${key}" must be a text, a number, true, false or a list.`);
    else if (setting !== null) texts.set(key, setting);
  }
  return (key) => {
    const found = texts.get(key);
    return found === undefined ? null : { text: found, source: { kind: "file", where: path } };
  };
}

function unknownKey(path: string, key: string, known: string[]): string {
  if (key === "home")
    return `${path}: "home" cannot be set here: it decides where this file is. Use AGENCY_HOME.`;
  const meant = nearest(key, known);
  return `${path}: "${key}" is not a setting${meant === null ? "." : `; did you mean "${meant}"?`}`;
}

/** JSON says the same in its own types; null counts as not set, undefined is a type no setting has. */
function settingText(value: unknown): string | null | undefined {
  if (value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(",");
  return undefined;
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function readOrNote(path: string, inputs: SettingsInputs, notes: Notes): string | null {
  try {
    return inputs.readText(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    notes.problems.push(`${path} cannot be read: ${why}.`);
    return null;
  }
}
