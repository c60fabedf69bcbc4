import type { SettingKey } from "./table.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** All that the answer depends on, so that the resolver itself touches nothing. */
export interface SettingsInputs {
  env: Variables;
  cwd: string;
  /** -1 where the system has no user ids. */
  uid: number;
  userHome: string;
  /** Agency's own folder: a `.env` there is the operator's, anywhere else it is only the project's. */
  installRoot: string;
  /** The text of a file, or null when there is none. May throw: that becomes a problem with a sentence. */
  readText: (path: string) => string | null;
  /** `util.parseEnv` of Node. */
  parseEnv: (text: string) => Variables;
  /** What the command line says, by setting: it wins over everything. */
  flags?: Partial<Record<SettingKey, { flag: string; value: string }>>;
}

export interface SettingSource {
  kind: "flag" | "environment" | "dotenv" | "file" | "default";
  /** For people: `--port`, `environment`, the path of the file, `default`. */
  where: string;
}
