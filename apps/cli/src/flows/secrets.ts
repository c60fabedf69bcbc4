import type { SecretInfo, SetSecretInput } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { columns, oneLine, padEnd } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { clientOrStart } from "./client-or-start.ts";
import { readSecret } from "./read-secret.ts";

type AuthType = "api_key" | "oauth";

interface SecretOptions {
  project: string | undefined;
  authType: AuthType | undefined;
  check: boolean;
}

export async function secrets(
  session: Session,
  action: string,
  name: string | undefined,
  options: SecretOptions,
): Promise<number> {
  switch (action) {
    case "ls":
      return list(session);
    case "set":
      return set(session, named(action, name), options);
    case "rm":
      return remove(session, named(action, name), options.project);
    case "rotate":
      return rotate(session);
    default:
      throw new UsageError(`"${action}" is nothing to do with secrets.`, "It is one of set, ls, rm, rotate.");
  }
}

function named(action: string, name: string | undefined): string {
  if (name !== undefined) return name;
  throw new UsageError("Which secret?", `Name it: agency secrets ${action} ANTHROPIC_API_KEY`);
}

async function set(
  session: Session,
  name: string,
  { project, authType, check }: SecretOptions,
): Promise<number> {
  const client = await session.client();
  const value = await readSecret(session, name);
  const input: SetSecretInput = {
    value,
    check,
    ...(project === undefined ? {} : { project }),
    ...(authType === undefined ? {} : { kind: authType }),
  };
  const info = await client.setSecret(name, input, { signal: session.signal });
  return tellStored(session, info);
}

async function list({ client, output, json, signal }: Session): Promise<number> {
  const all = await (await client()).secrets({ signal });
  if (json) output.json(all);
  else if (all.length === 0) output.note("No secrets. Store one with `agency login claude`.");
  else output.print(renderTable(all, output.style.dim));
  return EXIT.done;
}

async function remove(session: Session, name: string, project: string | undefined): Promise<number> {
  const client = await session.client();
  const of = project === undefined ? {} : { project };
  await client.removeSecret(name, { ...of, signal: session.signal });
  if (session.json) session.output.json({ removed: name });
  else session.output.print(`Forgot ${name}.`);
  return EXIT.done;
}

async function rotate({ client, output, json, signal }: Session): Promise<number> {
  const rotated = await (await client()).rotateSecrets({ signal });
  if (json) output.json(rotated);
  else output.print(`Sealed ${rotated.rewrapped} secrets with the key ${rotated.keyId}.`);
  return EXIT.done;
}

function renderTable(all: readonly SecretInfo[], dim: (text: string) => string): string[] {
  const rows = [
    ["NAME", "KIND", "FOR", "ENDS IN", "FROM"],
    ...all.map(({ name, kind, project, hint, source, use }) => [
      oneLine(name),
      KINDS[kind],
      project === null ? oneLine(use) : `${oneLine(use)} (${project})`,
      oneLine(hint),
      source === "server" ? "the server's settings" : "stored",
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => columns(row[at] ?? ""))));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => padEnd(cell, widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line, at) => (at === 0 ? dim(line) : line));
}

const KINDS: Record<SecretInfo["kind"], string> = {
  api_key: "API key",
  oauth: "subscription",
  app: "app",
  token: "token",
};

const LOGINS = {
  claude: {
    api_key: "ANTHROPIC_API_KEY",
    oauth: "CLAUDE_CODE_OAUTH_TOKEN",
    hint: "An API key from console.anthropic.com, or the token that `claude setup-token` prints for a subscription.",
  },
  openai: { api_key: "OPENAI_API_KEY", oauth: null, hint: "An API key from platform.openai.com." },
  github: {
    api_key: "GITHUB_TOKEN",
    oauth: null,
    hint: "A token that may read and write the contents of your repositories.",
  },
} as const;

/** Stores a credential once its vendor has said that it works. */
export async function login(
  session: Session,
  service: string,
  authType: AuthType | undefined,
): Promise<number> {
  const known = Object.hasOwn(LOGINS, service) ? LOGINS[service as keyof typeof LOGINS] : undefined;
  if (known === undefined) {
    throw new UsageError(`Agency has no login for "${service}".`, "It is one of claude, openai, github.");
  }
  if (authType === "oauth" && known.oauth === null) {
    throw new UsageError(`${service} takes no --auth-type oauth here.`, "Use an API key.");
  }
  const client = await clientOrStart(session);
  session.output.note(session.output.noteStyle.dim(known.hint));
  const value = await readSecret(session, `the credential for ${service}`);
  const kind = authType ?? (value.startsWith("sk-ant-oat") ? "oauth" : "api_key");
  const name = (kind === "oauth" ? known.oauth : known.api_key) ?? known.api_key;
  const input = { value, check: true, ...(service === "github" ? {} : { kind }) };
  return tellStored(session, await client.setSecret(name, input, { signal: session.signal }));
}

function tellStored({ output, json }: Session, info: SecretInfo): number {
  if (json) output.json(info);
  else {
    const checked = info.checked === null ? "" : ` ${oneLine(info.checked)}`;
    output.print(`Stored ${info.name} (${KINDS[info.kind]}, ends in ${oneLine(info.hint)}).${checked}`);
  }
  return EXIT.done;
}
