import { AgencyError, SIGN_IN_FRAGMENT, SIGN_IN_PATH } from "@agency/contract";
import type { SetPassword, SignInByLink, SignInByPassword, SignInLink } from "@agency/contract";
import type { Caller } from "../access/api-keys.ts";
import { actorOf } from "../access/api-keys.ts";
import { enter, nameOf, note, noteFailure } from "./deps.ts";
import type { Entered, SignInWork, Visitor } from "./deps.ts";
import { keyedHash, newSecret } from "./session-token.ts";

const LINK_MS = 10 * 60_000;

export async function createLink(work: SignInWork, caller: Caller): Promise<SignInLink> {
  const token = newSecret();
  const { accountId } = caller;
  const expiresAt = work.clock.now() + LINK_MS;
  await work.ways.addLink({ hmac: keyedHash(work.pepper, "link", token), accountId, expiresAt });
  await note(work, { accountId, actor: actorOf(caller), action: "link.create", target: "sign-in" });
  return {
    token,
    path: `${SIGN_IN_PATH}#${SIGN_IN_FRAGMENT}=${token}`,
    expiresAt: new Date(expiresAt).toISOString(),
  };
}

export async function byLink(work: SignInWork, input: SignInByLink, visitor: Visitor): Promise<Entered> {
  const { address } = visitor;
  // Looked up before anything is counted: whatever others try, a good link opens.
  const accountId = await work.ways.burnLink(keyedHash(work.pepper, "link", input.token), work.clock.now());
  if (accountId === null) {
    await noteFailure(work, "link", address);
    await work.tries.count("link", address);
    throw new AgencyError("unauthenticated", "This link is used up or too old.", {
      next: "Get a fresh one with `agency open`.",
    });
  }
  return enter(work, { accountId, method: "link", name: nameOf(visitor, input.deviceName), address });
}

export async function byPassword(
  work: SignInWork,
  input: SignInByPassword,
  visitor: Visitor,
): Promise<Entered> {
  const { accountId, ways, passwords } = work;
  const { address } = visitor;
  await work.tries.count("password", address);
  const delay = await work.tries.passwordDelay();
  if (delay > 0) await work.clock.sleep(delay);
  // Also without a password: how long it takes tells nothing.
  if (!(await passwords.verify(input.password, await ways.password(accountId)))) {
    await noteFailure(work, "password", address);
    throw new AgencyError("unauthenticated", "This is not the password.", {
      next: "Try again, or get a link with `agency open`.",
    });
  }
  await work.tries.forget("password", address);
  return enter(work, { accountId, method: "password", name: nameOf(visitor, input.deviceName), address });
}

/** Whoever came in by the old password has to come in again. */
export async function setPassword(work: SignInWork, caller: Caller, input: SetPassword): Promise<void> {
  const { accountId } = caller;
  if (caller.session !== undefined) await checkCurrent(work, caller, input.current);
  const { password } = input;
  await work.ways.setPassword(accountId, password === null ? null : await work.passwords.hash(password));
  await note(work, {
    accountId,
    actor: actorOf(caller),
    action: password === null ? "password.remove" : "password.set",
    target: "account",
  });
  await work.live.removeByMethod(accountId, "password");
}

async function checkCurrent(work: SignInWork, { accountId }: Caller, current: string | undefined) {
  const hash = await work.ways.password(accountId);
  if (hash === null) return;
  await work.tries.count("current", accountId);
  if (current !== undefined && (await work.passwords.verify(current, hash)))
    return work.tries.forget("current", accountId);
  throw new AgencyError("forbidden", "The present password is missing or wrong.", {
    next: "Give it, or set a new one with `agency password set` on the machine of the server.",
  });
}
