export interface ProbeResult {
  readonly engine: string;
  readonly version: string;
  readonly provider: string;
  readonly ok: boolean;
  readonly detail: string;
  /** ISO instant. */
  readonly at: string;
}

export interface ProbeStore {
  list(): Promise<ProbeResult[]>;
  save(result: ProbeResult): Promise<void>;
}
