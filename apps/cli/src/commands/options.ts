import { textOption } from "../parse/values.ts";
import { flag, value } from "../program/command.ts";

export const json = flag("Print JSON for programs instead of text.");
/** Every command that talks to a server. */
export const api = {
  json,
  url: value("URL", "Server to talk to, instead of the one on this machine.", textOption),
};
