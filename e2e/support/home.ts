import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty data folder that the database's and the sandboxes' users can pass, as a server makes its own. */
export async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "agency-e2e-"));
  await chmod(home, 0o711);
  return home;
}
