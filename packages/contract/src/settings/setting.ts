import type { z } from "zod";

interface Definition<S extends z.ZodType<unknown, string>, D extends string | null> {
  /** The variable; the key in config.json is the name of the entry in the table. */
  env: string;
  /** Who reads it: the command line, the server, or both. */
  scope: "client" | "server" | "both";
  /** The text used when nothing is set; null when "not set" is a meaning of its own. */
  default: D;
  describe: string;
  schema: S;
  /** How doctor may show it: `key` only its end, `url` without the password. */
  secret?: "key" | "url";
  /**
   * May a `.env` in the current folder set it? That folder is often somebody else's repository, so only
   * what cannot redirect a credential or open the machine. Agency's own folder may set everything.
   */
  project?: true;
}

export const setting = <S extends z.ZodType<unknown, string>, D extends string | null>(
  definition: Definition<S, D>,
) => definition;
