/** What a host answers is not trusted to have the shape its documentation says. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) at = typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined;
  return at;
}

export function textOf(value: unknown, ...path: readonly string[]): string | null {
  const found = fieldOf(value, ...path);
  return typeof found === "string" ? found : null;
}

export function numberOf(value: unknown, ...path: readonly string[]): number | null {
  const found = fieldOf(value, ...path);
  return typeof found === "number" ? found : null;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
