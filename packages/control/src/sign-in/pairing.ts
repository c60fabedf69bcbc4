import { AgencyError } from "@agency/contract";
import type {
  ClaimPairing,
  DecidePairing,
  Pairing,
  PairingState,
  StartedPairing,
  StartPairing,
} from "@agency/contract";
import type { PairingRecord } from "@agency/core";
import { actorOf } from "../access/api-keys.ts";
import type { Caller } from "../access/api-keys.ts";
import { sameHmac } from "../access/tokens.ts";
import { uuidv7 } from "../ids.ts";
import { mostCrowding } from "./crowding.ts";
import { enter, nameOf, note, noteFailure } from "./deps.ts";
import type { Entered, SignInWork, Visitor } from "./deps.ts";
import { keyedHash, newPairingCode, newSecret, shownCode, tidyCode } from "./session-token.ts";

const PAIRING_MS = 10 * 60_000;
/**
 * Of all accounts: a code names one of them, so many at once make codes easier to hit. Few enough that five tries hit
 * any of them once in five hundred million times and that who gives way is found at once; more than a handful of
 * strangers can fill.
 */
const MOST_WAITING = 200;
const MOST_WRONG_CLAIMS = 5;
const CLAIM_WAIT_MS = 20_000;
const LOOK_EVERY_MS = 500;
const MOST_CLAIMS_HELD = 50;

export async function startPairing(
  work: SignInWork,
  input: StartPairing,
  visitor: Visitor,
): Promise<StartedPairing> {
  await work.tries.count("pairing", visitor.address);
  const now = work.clock.now();
  const [code, secret, id] = [newPairingCode(), newSecret(), uuidv7(now)];
  const pairing: PairingRecord = {
    id,
    codeHmac: keyedHash(work.pepper, "pairing-code", code),
    secretHmac: keyedHash(work.pepper, "pairing-secret", secret),
    name: nameOf(visitor, input.deviceName),
    address: visitor.address,
    requestedAt: now,
    expiresAt: now + PAIRING_MS,
    decision: null,
    accountId: null,
  };
  // Never refused because others wait: whoever fills the room would keep everybody out.
  const hadRoom = await work.pairings.add(pairing, MOST_WAITING, mostCrowding);
  // Nothing empties the log again: what a crowd asks is not for it. Whoever is let in is noted in any case.
  if (hadRoom && (await work.tries.worthNoting("ask", visitor.address)))
    await note(work, {
      actor: "unknown",
      action: "pairing.ask",
      target: id,
      detail: { device: pairing.name, address: pairing.address },
    });
  return { id, code: shownCode(code), secret, expiresAt: new Date(pairing.expiresAt).toISOString() };
}

/** What the person sees before saying yes: whose device it says it is, and where it asked from. */
export async function findPairing(work: SignInWork, caller: Caller, code: string): Promise<Pairing> {
  await work.tries.count("code", caller.accountId);
  const found = await work.pairings.findByCode(codeHash(work, code), work.clock.now());
  if (found === null) throw await wrongCode(work, caller);
  return toPairing(found);
}

export async function decidePairing(
  work: SignInWork,
  caller: Caller,
  input: DecidePairing,
): Promise<Pairing> {
  const { accountId } = caller;
  await work.tries.count("code", accountId);
  const decided = await work.pairings.decide(
    codeHash(work, input.code),
    { accept: input.accept, accountId },
    work.clock.now(),
  );
  if (decided === null) throw await wrongCode(work, caller);
  await work.tries.forget("code", accountId);
  const { id, name, address } = decided;
  await note(work, {
    accountId,
    actor: actorOf(caller),
    action: input.accept ? "pairing.accept" : "pairing.refuse",
    target: id,
    detail: { device: name, address },
  });
  return toPairing(decided);
}

export interface PairingClaims {
  /** Lets nobody in once the signal has aborted: the device is gone, and will ask again. */
  claim(
    work: SignInWork,
    input: ClaimPairing,
    visitor: Visitor,
    signal?: AbortSignal,
  ): Promise<Entered | PairingState>;
}

/** Waits a while for the decision, so that the new device need not ask all the time. */
export function createPairingClaims(): PairingClaims {
  let held = 0;
  return {
    async claim(work, input, visitor, signal) {
      await work.tries.count("claim", visitor.address);
      const until = work.clock.now() + CLAIM_WAIT_MS;
      const patient = held < MOST_CLAIMS_HELD;
      held += 1;
      try {
        for (;;) {
          const answer = await look(work, input, visitor, signal);
          if ("token" in answer || answer.state !== "waiting") return answer;
          if (!patient || signal?.aborted === true || work.clock.now() >= until) return answer;
          await work.clock.sleep(LOOK_EVERY_MS, signal);
        }
      } finally {
        held -= 1;
      }
    },
  };
}

async function look(
  work: SignInWork,
  { id, secret }: ClaimPairing,
  { address }: Visitor,
  signal: AbortSignal | undefined,
): Promise<Entered | PairingState> {
  const pairing = await work.pairings.find(id);
  if (pairing === null) return { state: "expired" };
  if (!sameHmac(pairing.secretHmac, keyedHash(work.pepper, "pairing-secret", secret))) {
    await work.pairings.countWrongClaim(id, MOST_WRONG_CLAIMS);
    await noteFailure(work, "pairing", address);
    return { state: "expired" };
  }
  if (pairing.expiresAt <= work.clock.now()) return { state: "expired" };
  if (pairing.decision === "refused") return { state: "refused" };
  if (pairing.accountId === null || signal?.aborted === true) return { state: "waiting" };
  if (!(await work.pairings.take(id))) return { state: "expired" };
  const { accountId, name } = pairing;
  return enter(work, { accountId, method: "pairing", name, address });
}

function codeHash({ pepper }: SignInWork, code: string): Uint8Array {
  return keyedHash(pepper, "pairing-code", tidyCode(code));
}

async function wrongCode(work: SignInWork, caller: Caller): Promise<AgencyError> {
  const { accountId } = caller;
  await note(work, { accountId, actor: actorOf(caller), action: "pairing.wrong_code", target: "device" });
  return new AgencyError("not_found", "No device waits with this code.", {
    next: "Compare it with the one the device shows; a code is good for ten minutes and once.",
  });
}

function toPairing({ id, name, address, requestedAt, expiresAt }: PairingRecord): Pairing {
  return {
    id,
    deviceName: name,
    address,
    requestedAt: new Date(requestedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  };
}
