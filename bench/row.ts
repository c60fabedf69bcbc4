/** One line of the table in ARCHITECTURE's performance budgets: ours, the peer's, and how they compare. */
export interface Row {
  what: string;
  against: string;
  ours: string;
  theirs: string;
  ratio: string;
  target: string;
  met: boolean;
}

export interface BenchSettings {
  /** Fewer rounds and looser trust: for CI. */
  quick: boolean;
}

export type Bench = (settings: BenchSettings) => Promise<Row[]>;

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const times = (value: number) => `${value.toFixed(2)}×`;
