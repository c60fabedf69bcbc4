import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { describeSettings, isAgencyError } from "@agency/contract";
import type { Check, EngineInfo, ProviderInfo, Setting, Status } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { renderChecks, renderSettings } from "../render/checks.ts";
import type { Session } from "../session.ts";
import type { World } from "../world.ts";

interface Findings {
  settings: Setting[];
  checks: Check[];
  server: { status: Status; engines: EngineInfo[]; providers: ProviderInfo[] } | null;
}

/** What is set, from where, and what this machine and the server can do. */
export async function doctor(session: Session): Promise<number> {
  const { output, json, config } = session;
  const client = describeSettings(config, "client");
  const local = [...settingChecks(config), ...(await machineChecks(session))];
  const { server, check } = await askServer(session);
  const settings = [
    ...client,
    ...withoutRepeats(server?.status.settings ?? describeSettings(config, "server"), client),
  ];
  const findings: Findings = {
    settings,
    checks: [...local, check, ...(server?.status.checks ?? [])],
    server,
  };
  if (json) output.json(findings);
  else output.print(render(findings, session));
  return allChecks(findings).some(({ level }) => level === "fail") ? EXIT.failed : EXIT.done;
}

const withoutRepeats = (settings: Setting[], before: Setting[]): Setting[] =>
  settings.filter(({ name }) => before.every((setting) => setting.name !== name));

function allChecks({ checks, server }: Findings): Check[] {
  return [...checks, ...(server?.providers ?? []).flatMap((provider) => provider.checks)];
}

function render({ settings, checks, server }: Findings, { output }: Session): string[] {
  const look = { style: output.style, width: output.width };
  const title = (text: string) => ["", look.style.bold(text)];
  return [
    look.style.bold("Settings"),
    ...renderSettings(settings, look),
    ...title("Checks"),
    ...renderChecks(checks, look),
    ...(server?.providers ?? []).flatMap((provider) => [
      ...title(`Provider ${provider.id}`),
      ...renderChecks(provider.checks, look),
      ...Object.entries(provider.limits).map(([limit, how]) => look.style.dim(`  ${limit}: ${how}`)),
    ]),
    ...(server === null ? [] : title("Engines")),
    ...renderChecks((server?.engines ?? []).map(engineCheck), look),
  ];
}

/** An engine that is not ready is no fault of the installation: it may simply not be wanted. */
function engineCheck({ id, version, ready, problems, probes }: EngineInfo): Check {
  const probed = probes.map((probe) => `${probe.provider}: ${probe.detail}`);
  const detail = [version ?? "version not known", ...problems, ...probed].join("; ");
  return { id, level: ready ? "ok" : "warn", detail };
}

function settingChecks({ problems, warnings }: Session["config"]): Check[] {
  return [
    ...problems.map((detail): Check => ({ id: "setting", level: "fail", detail })),
    ...warnings.map((detail): Check => ({ id: "setting", level: "warn", detail })),
  ];
}

const OLDEST_NODE = 24;

async function machineChecks({ world, config }: Session): Promise<Check[]> {
  const node = Number.parseInt(world.nodeVersion, 10) >= OLDEST_NODE;
  return [
    {
      id: "node",
      level: node ? "ok" : "fail",
      detail: world.nodeVersion,
      ...(node ? {} : { fix: `Agency needs Node.js ${OLDEST_NODE} or newer.` }),
    },
    await programCheck(world, "git", "git", "Agents work on git repositories: install git."),
    ...(world.platform === "linux"
      ? [
          await programCheck(
            world,
            "bubblewrap",
            "bwrap",
            "The local sandbox is made by bubblewrap: install the package `bubblewrap`.",
          ),
        ]
      : []),
    folderCheck(config.folders.data),
  ];
}

async function programCheck(world: World, id: string, command: string, fix: string): Promise<Check> {
  const found = await world.processes.capture(command, ["--version"]);
  if (found?.code === 0) return { id, level: "ok", detail: found.output.split("\n")[0] ?? "" };
  return { id, level: "fail", detail: found === null ? "not installed" : "does not run", fix };
}

function folderCheck(data: string): Check {
  const folder = nearestFolder(data);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { id: "data folder", level: "ok", detail: folder === data ? data : `${data} (not made yet)` };
  } catch {
    const fix = "Set AGENCY_HOME to a folder that this user may write to.";
    return { id: "data folder", level: "fail", detail: `${folder} may not be written by this user`, fix };
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}

async function askServer(session: Session): Promise<{ server: Findings["server"]; check: Check }> {
  try {
    const client = await session.client();
    const call = { signal: session.signal };
    const [status, engines, providers] = await Promise.all([
      client.status(call),
      client.engines(call),
      client.providers(call),
    ]);
    const detail = `${client.baseUrl}, version ${status.version}, database ${status.database}`;
    return { server: { status, engines, providers }, check: { id: "server", level: "ok", detail } };
  } catch (error) {
    session.signal.throwIfAborted();
    if (!isAgencyError(error)) throw error;
    // Not running is a fact to know, not a fault.
    const level = error.code === "unavailable" ? "warn" : "fail";
    return {
      server: null,
      check: {
        id: "server",
        level,
        detail: error.message,
        ...(error.next === undefined ? {} : { fix: error.next }),
      },
    };
  }
}
