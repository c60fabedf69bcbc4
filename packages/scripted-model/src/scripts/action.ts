/** What the scripted model wants done, in no engine's own words. A façade turns it into a tool the engine offers. */
export type Action =
  | { kind: "shell"; command: string; background: boolean }
  | { kind: "write"; path: string; text: string }
  | { kind: "edit"; path: string; old: string; new: string }
  | { kind: "read"; path: string }
  | { kind: "raw"; name: string; input: Readonly<Record<string, unknown>> };

export function shell(command: string, options: { background?: boolean } = {}): Action {
  return { kind: "shell", command, background: options.background ?? false };
}

/** A relative path is taken from the working directory the engine told the model of. */
export function write(path: string, text: string): Action {
  return { kind: "write", path, text };
}

export function edit(path: string, old: string, replacement: string): Action {
  return { kind: "edit", path, old, new: replacement };
}

export function read(path: string): Action {
  return { kind: "read", path };
}

/** A tool by the engine's own name, for what the four neutral ones cannot say. */
export function raw(name: string, input: Readonly<Record<string, unknown>> = {}): Action {
  return { kind: "raw", name, input };
}
