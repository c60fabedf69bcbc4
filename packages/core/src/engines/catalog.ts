/** What the control plane knows of an engine without loading it. The runner holds the adapters. */
export interface EngineEntry {
  readonly id: string;
  readonly title: string;
  /** Whose model API it speaks through the broker; null when none. */
  readonly vendor: "anthropic" | null;
  /** Programs that must be mounted under /opt/agency/engines; the name is the file name there. */
  readonly programs: readonly string[];
  /** Takes a shell command instead of a model. */
  readonly needsCommand: boolean;
}

export const ENGINE_CATALOG: readonly EngineEntry[] = [
  { id: "claude", title: "Claude Code", vendor: "anthropic", programs: ["claude"], needsCommand: false },
  { id: "command", title: "Any program", vendor: null, programs: [], needsCommand: true },
];
