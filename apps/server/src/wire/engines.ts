import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineInfo } from "@agency/contract";
import { ENGINE_CATALOG } from "@agency/core";
import type { EngineEntry, ProbeStore, Vendor } from "@agency/core";

/** An engine as it is installed here, found without loading it: the server never runs one itself. */
export interface InstalledEngine {
  entry: EngineEntry;
  version: string | null;
  /** Program name under /opt/agency/engines → file on this machine. */
  programs: Record<string, string>;
  problems: string[];
}

export function findEngines(): InstalledEngine[] {
  return ENGINE_CATALOG.map((entry) => (entry.id === "claude" ? findClaude(entry) : builtIn(entry)));
}

function builtIn(entry: EngineEntry): InstalledEngine {
  return { entry, version: "1", programs: {}, problems: [] };
}

function findClaude(entry: EngineEntry): InstalledEngine {
  const { resolve } = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  for (const suffix of ["", "-musl"]) {
    const name = `@anthropic-ai/claude-agent-sdk-${platform}${suffix}`;
    try {
      const folder = dirname(resolve(`${name}/package.json`));
      const sdk: unknown = JSON.parse(
        readFileSync(join(folder, "..", "claude-agent-sdk", "package.json"), "utf8"),
      );
      return { entry, version: versionOf(sdk), programs: { claude: join(folder, "claude") }, problems: [] };
    } catch {
      // Not this build; the next one, or the sentence below.
    }
  }
  const problem = `The Claude Code program for ${platform} is not installed. Run \`npm ci\` without --omit=optional.`;
  return { entry, version: null, programs: {}, problems: [problem] };
}

function versionOf(manifest: unknown): string | null {
  if (typeof manifest !== "object" || manifest === null || !("claudeCodeVersion" in manifest)) return null;
  return typeof manifest.claudeCodeVersion === "string" ? manifest.claudeCodeVersion : null;
}

export async function describeEngines(
  engines: readonly InstalledEngine[],
  probes: ProbeStore,
  hasCredential: (vendor: Vendor) => Promise<boolean>,
): Promise<EngineInfo[]> {
  const known = await probes.list();
  return Promise.all(engines.map((engine) => describeEngine(engine, known, hasCredential)));
}

async function describeEngine(
  { entry, version, problems }: InstalledEngine,
  known: Awaited<ReturnType<ProbeStore["list"]>>,
  hasCredential: (vendor: Vendor) => Promise<boolean>,
): Promise<EngineInfo> {
  const vendor = entry.needsModel ? (entry.vendors[0] ?? null) : null;
  const unpaid = vendor !== null && !(await hasCredential(vendor));
  const credential = unpaid ? [`No credential for ${vendor}: only --demo runs.`] : [];
  const mine = known.filter((probe) => probe.engine === entry.id && probe.version === version);
  return {
    id: entry.id,
    title: entry.title,
    version,
    vendor,
    ready: problems.length === 0 && credential.length === 0 && mine.every((probe) => probe.ok),
    problems: [...problems, ...credential],
    probes: mine.map(({ provider, ok, detail, at }) => ({ provider, ok, detail, at })),
  };
}
