import { drawRuns } from "../../../ui/text.tsx";
import { nameRuns } from "./shown-name.ts";

/** On one line, however long; or on as many as it takes. */
export function FileName({ children, cut = false }: { children: string; cut?: boolean }) {
  return <code className={cut ? "file-name cut" : "file-name"}>{drawRuns(nameRuns(children))}</code>;
}
