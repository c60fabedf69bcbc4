import type { Draft } from "./draft.ts";
import type { Problems } from "./problems.ts";

export interface FormPart {
  draft: Draft;
  problems: Problems;
  onChange: (part: Partial<Draft>) => void;
}
