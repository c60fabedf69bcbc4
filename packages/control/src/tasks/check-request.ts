import { AgencyError } from "@agency/contract";
import type { CreateTask } from "@agency/contract";
import { CREDENTIAL_NAMES, ENGINE_CATALOG, vendorOfSecret } from "@agency/core";
import type { EngineEntry, Vendor } from "@agency/core";
import type { SettledTask } from "./settle-request.ts";

export interface RequestChecks {
  providerIds: readonly string[];
  /** Is there a credential for this vendor? Asked at submit, so that nobody waits for a run that cannot start. */
  hasCredential: (accountId: string, project: string | null, vendor: Vendor) => Promise<boolean>;
}

/** Refuses at once what could only fail, or be silently left undone, later. */
export async function checkRequest(
  checks: RequestChecks,
  accountId: string,
  input: SettledTask,
): Promise<void> {
  const engine = knownEngine(input);
  checkProvider(checks, input.provider);
  checkCommand(engine, input);
  checkToolGate(engine, input);
  checkDemo(engine, input);
  await checkCredential(checks, accountId, engine, input);
}

function knownEngine(input: CreateTask): EngineEntry {
  const engine = ENGINE_CATALOG.find((entry) => entry.id === input.engine);
  if (engine) return engine;
  throw new AgencyError("unknown_engine", `There is no engine "${input.engine}".`, {
    next: `Engines here: ${ENGINE_CATALOG.map((entry) => entry.id).join(", ")}.`,
  });
}

function checkProvider(checks: RequestChecks, provider: string): void {
  if (checks.providerIds.includes(provider)) return;
  throw new AgencyError("unknown_provider", `There is no provider "${provider}".`, {
    next: `Providers here: ${checks.providerIds.join(", ")}.`,
  });
}

function checkCommand(engine: EngineEntry, input: CreateTask): void {
  if (engine.needsCommand && input.command === undefined) {
    throw new AgencyError(
      "invalid_request",
      `The engine "${engine.id}" needs \`command\`: the program to run.`,
    );
  }
  if (!engine.needsCommand && input.command !== undefined) {
    throw new AgencyError(
      "invalid_request",
      `\`command\` is for the engine "command", not for "${engine.id}".`,
    );
  }
}

/** A rule that nothing enforces would be worse than none. */
function checkToolGate(engine: EngineEntry, { approve, commandPolicy }: SettledTask): void {
  if (engine.toolGate) return;
  const ruled = commandPolicy.allow.length + commandPolicy.deny.length > 0;
  if (approve === "none" && !ruled) return;
  const gated = ENGINE_CATALOG.filter((entry) => entry.toolGate).map((entry) => entry.id);
  throw new AgencyError(
    "unsupported_option",
    `The engine "${engine.id}" does not ask before it runs something, so ${approve === "none" ? "`commandPolicy`" : `approve: ${approve}`} cannot be kept.`,
    { next: `Leave it out, or use an engine that asks: ${gated.join(", ")}.` },
  );
}

function checkDemo(engine: EngineEntry, input: CreateTask): void {
  if (!input.demo || engine.vendors.length > 0) return;
  throw new AgencyError(
    "unsupported_option",
    `The engine "${engine.id}" calls no model, so there is no demo of it.`,
  );
}

async function checkCredential(
  checks: RequestChecks,
  accountId: string,
  engine: EngineEntry,
  input: CreateTask,
): Promise<void> {
  const [vendor] = engine.vendors;
  if (vendor === undefined || !engine.needsModel || input.demo) return;
  if (Object.keys(input.secrets).some((name) => vendorOfSecret(name) === vendor)) return;
  if (await checks.hasCredential(accountId, input.project ?? null, vendor)) return;
  throw new AgencyError(
    "no_credential",
    `No credential for ${vendor} is set, and ${engine.title} needs one.`,
    {
      next: `Store one with \`agency secrets set ${CREDENTIAL_NAMES[vendor].join("` or `agency secrets set ")}\`, or try it with --demo.`,
    },
  );
}
