/** Null when an account, or all of them, have as many as may be; else to be called when done. */
export type Lanes = (accountId: string) => (() => void) | null;

/** Nobody takes all there is by asking for much at once. */
export function createLanes(most: { account: number; all: number }): Lanes {
  const byAccount = new Map<string, number>();
  let taken = 0;
  return (accountId) => {
    const own = byAccount.get(accountId) ?? 0;
    if (own >= most.account || taken >= most.all) return null;
    byAccount.set(accountId, own + 1);
    taken += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      taken -= 1;
      const left = (byAccount.get(accountId) ?? 1) - 1;
      if (left === 0) byAccount.delete(accountId);
      else byAccount.set(accountId, left);
    };
  };
}
