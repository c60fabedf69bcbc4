import type { Client } from "@agency/client";
import { readApiKey } from "../instance/instance-file.ts";
import { startServer } from "../instance/start-server.ts";
import type { Session } from "../session.ts";

/** The server named by the settings, the one on this machine, or one started now. */
export async function clientOrStart(session: Session): Promise<Client> {
  const { output, config } = session;
  const isNamed = session.usable().settings.url !== null;
  if (isNamed || (await session.instance()) !== null) return session.client();
  output.note(output.noteStyle.dim("Agency is not running yet: starting it …"));
  const instance = await startServer(session);
  output.note(output.noteStyle.dim(`Agency is running at ${instance.url} (stop it with \`agency down\`).`));
  return session.clientFor({ url: instance.url, apiKey: config.settings.apiKey ?? readApiKey(config) });
}
