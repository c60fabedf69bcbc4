import { z } from "zod";

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const PORT = "[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5]";
const HOST = `(?:\\*\\.)?(?:${LABEL}\\.)+${LABEL}(?::(?:${PORT}))?`;
/** No dot, so that no host is ever taken for a list: see `isListName`. */
const LIST = "(?!(?:none|internet|allow)$)[a-z][a-z0-9-]{0,30}";
/** Beside hosts: whole ends of names, single labels, underscores and IPv6 addresses, which nobody needs to open. */
const ANY_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const CLOSED = `(?:(?:\\*\\.)?(?:${ANY_LABEL}\\.)*${ANY_LABEL}|\\[[0-9a-f:]+\\])(?::(?:${PORT}))?`;

/** The list that comes with the product. */
export const DEV_LIST = "dev";
export const MOST_HOSTS = 200;
export const MOST_LISTS = 50;

/** As a connection names it once it has been through the parser of URLs: no capitals, no last dot, no other script. */
function plainHost(text: string): string {
  const [, star = "", host = "", port = ""] =
    /^(\*\.)?([^\s/?#@:\\%*[\]]+|\[[^\s/?#@\\%*[\]]+\])(:\d+)?$/.exec(text.trim()) ?? [];
  const url = `http://${host}/`;
  // A label of its own may be the name of a list, and to the parser a number is an address.
  if (/^[\w-]*$/.test(host) || !URL.canParse(url)) return text.trim().toLowerCase();
  return `${star}${new URL(url).hostname.replace(/\.$/, "")}${port}`;
}

/** Whether a connection can be for it: 1.2.3.999, [:::] and all below 1.2.3.4 only look like hosts. */
function isEverAsked(pattern: string): boolean {
  const host = pattern.replace("*.", "a.").replace(/:\d+$/, "");
  const url = `http://${host}/`;
  return URL.canParse(url) && new URL(url).hostname === host;
}

/** Is looked for among what is closed: what was closed once can be opened, whatever the grammar is by now. */
export const openedHostSchema = z.string().max(260).overwrite(plainHost);

function hostLike(pattern: string, words: string) {
  return z
    .string()
    .max(260)
    .overwrite(plainHost)
    .regex(new RegExp(`^(?:${pattern})$`), words)
    .refine(isEverAsked, words);
}

const HOST_WORDS = "must be a host such as example.com, *.example.com or example.com:8443";

/** What a run may name: a host, all below one, either with a port, or a list; `dev` is there without being made. */
export const hostPatternSchema = hostLike(
  `${LIST}|${HOST}`,
  `${HOST_WORDS}, or the name of a list such as \`${DEV_LIST}\``,
);
/** What a list may be called. The built-in one is there already. */
export const listNameSchema = z
  .string()
  .regex(
    new RegExp(`^(?!${DEV_LIST}$)${LIST}$`),
    `must be a word of small letters, digits and hyphens that begins with a letter, and not ${DEV_LIST}, none, internet or allow`,
  );

/** What a list holds. No other list but the built-in one: there is nothing to go round in. */
export const listHostSchema = hostLike(`${DEV_LIST}|${HOST}`, `${HOST_WORDS}, or \`${DEV_LIST}\``);
export const closedHostSchema = hostLike(
  CLOSED,
  `${HOST_WORDS}, all below a label such as *.lan, or an address such as [2001:db8::1]`,
);

const NETWORK_WORDS =
  "What the agent may reach beside its model and its repositories: nothing, some hosts and lists of hosts, or the " +
  "public internet. Private, link-local and metadata addresses and this machine itself are closed in every case, " +
  "and so is what the account has closed.";

/** As it is kept and shown: what was accepted once stays readable when the grammar of hosts becomes stricter. */
export const networkSchema = z
  .union([z.enum(["none", "internet"]), z.object({ allow: z.array(z.string()) })])
  .describe(NETWORK_WORDS);
export type Network = z.infer<typeof networkSchema>;

/** As it may be asked for. */
export const askedNetworkSchema = z
  .union([
    z.enum(["none", "internet"]),
    z.strictObject({ allow: z.array(hostPatternSchema).min(1).max(MOST_HOSTS) }),
  ])
  .describe(NETWORK_WORDS);

/** As people write it: `none`, `internet`, `allow:dev,example.com`. */
export function networkText(network: Network): string {
  return typeof network === "string" ? network : `allow:${network.allow.join(",")}`;
}

export function parseNetwork(text: string): Network | null {
  const hosts = /^allow:(.*)$/s.exec(text)?.[1];
  const value = hosts === undefined ? text : { allow: hosts.split(",").map((host) => host.trim()) };
  const parsed = askedNetworkSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** The lists it names, the built-in one among them. */
export function listsOf(network: Network): string[] {
  return typeof network === "string" ? [] : network.allow.filter(isListName);
}

/** Of what stands where a host or a list may be named. */
export function isListName(pattern: string): boolean {
  return !pattern.includes(".");
}
