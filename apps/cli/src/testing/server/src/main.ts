// Stands in for the real server where the command line starts and stops one: keeps the contract of the
// data folder and nothing else.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FakeApi } from "../../fake-api.ts";
import { writeInstance } from "../../test-cli.ts";

const home = process.env.AGENCY_HOME ?? "";
if (process.env.FAKE_FAILURE !== undefined) {
  process.stdout.write(`${JSON.stringify({ level: 60, msg: process.env.FAKE_FAILURE })}\n`);
  process.exit(1);
}
mkdirSync(home, { recursive: true });
const api = await new FakeApi().start();
writeInstance(home, { pid: process.pid, url: api.url, startedAt: new Date().toISOString() });
process.stdout.write("listening\n");
process.on("SIGTERM", () => {
  rmSync(join(home, "instance.json"));
  void api.stop();
});
