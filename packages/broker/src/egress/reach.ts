import type { Socket } from "node:net";
import type { Clock } from "@agency/core";
import type { AddressKind } from "../address/address-kind.ts";
import type { OwnAddresses } from "../address/own-addresses.ts";
import { dialFirst, inTurns, isSameAddress } from "./dial-first.ts";
import type { Dial } from "./dial-first.ts";
import { judgeClosed } from "./judge-target.ts";
import type { NetworkPolicy } from "./judge-target.ts";
import { denied, failed } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { Resolve } from "./resolve-host.ts";
import { addressTarget, targetText } from "./target.ts";
import type { Target } from "./target.ts";

export interface Reached {
  readonly ok: true;
  readonly socket: Socket;
  readonly address: string;
  readonly target: Target;
}

export interface ReachDeps {
  readonly resolve: Resolve;
  readonly dial: Dial;
  readonly kindOf: (address: string) => AddressKind;
  readonly ownAddresses: OwnAddresses;
  readonly clock: Clock;
}

/**
 * Asks for a name's addresses once, judges every answer and dials what was judged: there is no second lookup in
 * which the name could mean something else. One closed address among the answers refuses them all.
 */
export async function reach(
  deps: ReachDeps,
  target: Target,
  policy: NetworkPolicy,
  signal: AbortSignal,
): Promise<Reached | Refusal> {
  const addresses = target.isLiteral ? [target.host] : await addressesOf(deps, target, signal);
  if (!Array.isArray(addresses)) return addresses;
  for (const address of addresses) {
    const refusal = judgeAddress(deps, target, address, policy);
    if (refusal !== null) return refusal;
  }
  const dial = (address: string, stop: AbortSignal): Promise<Socket> => deps.dial(address, target.port, stop);
  try {
    const { socket, address } = await dialFirst(inTurns(addresses), dial, deps.clock, signal);
    // What answers must be what was judged, whatever the network in between makes of an address.
    if (isSameAddress(socket.remoteAddress ?? "", address)) return { ok: true, socket, address, target };
    socket.destroy();
    return denied(
      "closed_address",
      `${targetText(target)} was answered by another address than it was sent to.`,
    );
  } catch (error) {
    return unreachable(target, error);
  }
}

async function addressesOf(
  deps: ReachDeps,
  { host }: Target,
  signal: AbortSignal,
): Promise<string[] | Refusal> {
  try {
    const found = await unlessAborted(deps.resolve(host), signal);
    if (found.length > 0) return [...found];
    return failed("unknown_host", `${host} is not a known host: no name server has an address for it.`);
  } catch {
    return failed("unknown_host", `${host} could not be looked up: the name servers did not answer.`);
  }
}

function judgeAddress(
  { kindOf, ownAddresses }: ReachDeps,
  target: Target,
  address: string,
  policy: NetworkPolicy,
): Refusal | null {
  const { host } = target;
  const kind = kindOf(address);
  if (kind === "public" || (kind === "private" && policy.allowInternalNetwork)) {
    if (!ownAddresses.has(address)) return judgeClosed(addressTarget(address, target), policy, target);
    return denied(
      "closed_address",
      `${host} is the machine that runs Agency, which is closed to every task.`,
    );
  }
  if (kind === "private") {
    return denied(
      "closed_address",
      `${host} is in a private network, which is closed to this task. Start the task with --allow-internal-network to open private networks.`,
    );
  }
  return denied("closed_address", `${host} is ${CLOSED[kind]}, which is closed to every task.`);
}

const CLOSED: Record<Exclude<AddressKind, "public" | "private">, string> = {
  loopback: "a loopback address",
  "link-local": "a link-local address",
  metadata: "a cloud's metadata service",
  embedded: "an IPv4 address inside an IPv6 one",
  multicast: "a multicast address",
  reserved: "a reserved address",
};

function unreachable(target: Target, error: unknown): Refusal {
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const codes = causes.map((cause) => (cause instanceof Error && "code" in cause ? cause.code : undefined));
  const where = targetText(target);
  if (codes.includes("ECONNREFUSED")) {
    return failed("connection_refused", `${where} refused the connection: nothing listens at that port.`);
  }
  return failed("unreachable", `${where} cannot be reached: it did not take the connection.`);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error("given up"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
