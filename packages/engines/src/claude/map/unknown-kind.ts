import type { Mapped, Mapping } from "./mapping.ts";

/** The SDK is released almost daily and adds kinds of message; a new one is told of once and never breaks a run. */
export function unknownKind(state: Mapping, kind: string): Mapped {
  if (state.unknownKinds.has(kind) || state.unknownKinds.size >= 50) return { state, events: [] };
  const text = `The engine sent a kind of message that this version does not know: ${kind.slice(0, 100)}.`;
  return {
    state: { ...state, unknownKinds: new Set(state.unknownKinds).add(kind) },
    events: [{ type: "notice", data: { level: "info", text } }],
  };
}
