import type { Check, Setting } from "@agency/contract";
import type { Look } from "./row.ts";
import { columns, oneLine, padEnd } from "./text.ts";

export function renderSettings(settings: readonly Setting[], { style }: Look): string[] {
  const widest = (cell: (setting: Setting) => string) =>
    Math.max(0, ...settings.map((setting) => columns(cell(setting))));
  const names = widest((setting) => setting.name);
  const values = Math.min(
    50,
    widest((setting) => oneLine(setting.value)),
  );
  return settings.map(
    ({ name, value, source }) =>
      `  ${padEnd(name, names)}  ${padEnd(oneLine(value), values)}  ${style.dim(oneLine(source))}`,
  );
}

export function renderChecks(checks: readonly Check[], { style }: Look): string[] {
  const marks = { ok: style.green("✓"), warn: style.yellow("!"), fail: style.red("✗") };
  return checks.flatMap(({ id, level, detail, fix }) => [
    `  ${marks[level]} ${oneLine(id)}: ${oneLine(detail)}`,
    ...(fix === undefined || level === "ok" ? [] : [`    ${oneLine(fix)}`]),
  ]);
}
