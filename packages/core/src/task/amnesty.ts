/**
 * After any gap longer than half a lease in our own ticking, nobody can have renewed anything:
 * a naive sweep would then kill every healthy task. So the gap grants one full lease of mercy.
 */
export interface AmnestyState {
  readonly lastTickAt: number | null;
  readonly until: number;
}

export const noAmnesty: AmnestyState = { lastTickAt: null, until: 0 };

export function tickAmnesty(state: AmnestyState, leaseMs: number, now: number): AmnestyState {
  const away = state.lastTickAt === null || now - state.lastTickAt > leaseMs / 2;
  return { lastTickAt: now, until: away ? now + leaseMs : state.until };
}
