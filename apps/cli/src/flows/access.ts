import type { ApiKeyInfo, Device, Pairing } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { renderColumns } from "../render/columns.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { readSecret } from "./read-secret.ts";

/** A device shows a code; whoever is at the command line says whether it may come in. */
export async function pair(
  { client, output, json, signal }: Session,
  code: string,
  { yes, refuse }: { yes: boolean; refuse: boolean },
): Promise<number> {
  if (yes && refuse) throw new UsageError("Both --yes and --refuse were given.", "Pass one of them.");
  const api = await client();
  const found = await api.findPairing(code, { signal });
  if (!yes && !refuse)
    throw new UsageError(
      `${whoAsks(found)} asks to be signed in, and may then do everything you may do.`,
      "Pass --yes to let it in, --refuse to send it away.",
    );
  await api.decidePairing({ code, accept: yes }, { signal });
  if (json) output.json({ ...found, accepted: yes });
  else output.print(yes ? `${whoAsks(found)} is signed in.` : `${whoAsks(found)} was refused.`);
  return EXIT.done;
}

function whoAsks({ deviceName, address }: Pairing): string {
  return `${oneLine(deviceName)} at ${oneLine(address)}`;
}

export async function devices(
  session: Session,
  action: string | undefined,
  given: string | undefined,
): Promise<number> {
  const { client, output, json, signal } = session;
  const api = await client();
  if (action === undefined) {
    const all = await api.devices({ signal });
    if (json) output.json(all);
    else if (all.length === 0) output.note("No browser is signed in. Sign one in with: agency open");
    else output.print(renderColumns(["ID", "DEVICE", "FROM", "BY", "LAST SEEN"], all.map(row), output.style));
    return EXIT.done;
  }
  const id = named("devices", action, "sign-out", given);
  await api.revokeDevice(id, { signal });
  if (json) output.json({ signedOut: id });
  else output.print("The device is signed out.");
  return EXIT.done;
}

function row({ id, name, address, method, lastSeenAt }: Device): string[] {
  return [id, name, address, method, lastSeenAt].map(oneLine);
}

export async function keys(
  session: Session,
  action: string | undefined,
  given: string | undefined,
): Promise<number> {
  const { client, output, json, signal } = session;
  const api = await client();
  if (action === undefined) {
    const all = await api.apiKeys({ signal });
    if (json) output.json(all);
    else output.print(renderColumns(["ID", "NAME", "BEGINS", "CREATED", ""], all.map(keyRow), output.style));
    return EXIT.done;
  }
  if (action === "create") {
    const created = await api.createApiKey(named("keys", action, "create", given), { signal });
    if (json) output.json(created);
    else output.print(created.key);
    output.note("It is shown only this once.");
    return EXIT.done;
  }
  const id = named("keys", action, "revoke", given);
  await api.revokeApiKey(id, { signal });
  if (json) output.json({ revoked: id });
  else output.print("The key is revoked.");
  return EXIT.done;
}

function keyRow({ id, name, prefix, createdAt, revoked }: ApiKeyInfo): string[] {
  return [id, name, `${prefix}…`, createdAt, revoked ? "revoked" : ""].map(oneLine);
}

function named(command: string, action: string, wanted: string, given: string | undefined): string {
  if (action !== wanted)
    throw new UsageError(`${command} has no "${action}".`, `See: agency ${command} --help`);
  if (given !== undefined) return given;
  throw new UsageError(`${wanted} what?`, `See the list with: agency ${command}`);
}

/** A key may change it without the present one: whoever has the key has everything already. */
export async function password(session: Session, { remove }: { remove: boolean }): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const next = remove ? null : await readSecret(session, "the new password");
  await client.setPassword({ password: next }, { signal });
  if (json) output.json({ passwordSet: !remove });
  else output.print(remove ? "Nobody can sign in by password any more." : "The password is set.");
  return EXIT.done;
}
