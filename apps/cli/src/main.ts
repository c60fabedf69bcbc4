// The entry of the command line. Answers `--version` before anything else is loaded.
import { readVersion } from "./version.ts";

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  process.stdout.write(`agency ${readVersion()}\n`);
} else {
  const [{ runCli }, { processWorld }] = await Promise.all([
    import("./run-cli.ts"),
    import("./process-world.ts"),
  ]);
  process.exitCode = await runCli(argv, processWorld());
}
