import type { Vendor } from "../ports/engine.ts";

/** What the control plane knows of an engine without loading it. The runner holds the adapters. */
export interface EngineEntry {
  readonly id: string;
  readonly title: string;
  /** Whose model APIs it is given through the broker. */
  readonly vendors: readonly Vendor[];
  /** It can do nothing without a credential for the first of them. */
  readonly needsModel: boolean;
  /** Its tool calls can be asked about before they are made. */
  readonly toolGate: boolean;
  readonly questions: boolean;
  /** Programs that must be mounted under /opt/agency/engines; the name is the file name there. */
  readonly programs: readonly string[];
  /** Takes a shell command instead of a model. */
  readonly needsCommand: boolean;
}

export const ENGINE_CATALOG: readonly EngineEntry[] = [
  {
    id: "claude",
    title: "Claude Code",
    vendors: ["anthropic"],
    needsModel: true,
    toolGate: true,
    questions: true,
    programs: ["claude"],
    needsCommand: false,
  },
  {
    id: "command",
    title: "Any program",
    vendors: ["anthropic", "openai"],
    needsModel: false,
    toolGate: false,
    questions: true,
    programs: [],
    needsCommand: true,
  },
];
