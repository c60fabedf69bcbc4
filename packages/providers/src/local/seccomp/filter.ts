import { assemble, encode } from "./assembler.ts";
import type { Instruction, Line } from "./assembler.ts";
import * as policy from "./policy.ts";
import { SYSCALLS_ARM64 } from "./syscalls-arm64.ts";
import { SYSCALLS_X64 } from "./syscalls-x64.ts";
import type { SyscallName } from "./syscalls-x64.ts";

export type Architecture = "x64" | "arm64";

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const errno = (number: number): number => 0x0005_0000 | number;

/** Offsets in the kernel's struct seccomp_data, both machines little-endian. */
const NUMBER = 0;
const MACHINE = 4;
const argumentLow = (index: number): number => 16 + index * 8;

interface Target {
  readonly machine: number;
  readonly numbers: Readonly<Partial<Record<SyscallName, number>>>;
  /** The x32 ABI reaches the same calls under other numbers. */
  readonly x32: boolean;
}
const TARGETS: Record<Architecture, Target> = {
  x64: { machine: 0xc000_003e, numbers: SYSCALLS_X64, x32: true },
  arm64: { machine: 0xc000_00b7, numbers: SYSCALLS_ARM64, x32: false },
};

export function isSupportedArchitecture(name: string): name is Architecture {
  return name === "x64" || name === "arm64";
}

/** The program as bytes for bwrap's --seccomp. */
export function seccompFilter(architecture: Architecture): Buffer {
  return encode(buildFilter(architecture));
}

export function buildFilter(architecture: Architecture): Instruction[] {
  const target = TARGETS[architecture];
  const numberOf = (name: SyscallName): number[] => {
    const number = target.numbers[name];
    return number === undefined ? [] : [number];
  };
  const jumpTo = (label: string, names: readonly SyscallName[]): Line[] =>
    names.flatMap(numberOf).map((k) => ({ test: "eq", k, to: label }));

  return assemble([
    { load: MACHINE },
    { test: "eq", k: target.machine, otherwise: "kill" },
    { load: NUMBER },
    ...(target.x32 ? ([{ test: "gt", k: 0x3fff_ffff, to: "kill" }] as const) : []),
    { test: "gt", k: policy.LAST_KNOWN_SYSCALL, to: "unknown" },
    // Its flags are behind a pointer, out of a filter's reach; libc falls back to clone.
    ...jumpTo("unknown", ["clone3"]),
    ...jumpTo("clone", ["clone"]),
    ...jumpTo("ioctl", ["ioctl"]),
    ...jumpTo("socket", ["socket"]),
    ...jumpTo("personality", ["personality"]),
    ...jumpTo("deny", policy.DENIED),
    { answer: ALLOW },
    ...argumentChecks(),
    { at: "allow" },
    { answer: ALLOW },
    { at: "deny" },
    { answer: errno(EPERM) },
    { at: "unknown" },
    { answer: errno(ENOSYS) },
    { at: "family" },
    { answer: errno(EAFNOSUPPORT) },
    { at: "kill" },
    { answer: KILL_PROCESS },
  ]);
}

/** Only the low 32 bits count: the kernel drops the high ones, so comparing them lets TIOCSTI|1<<32 pass. */
function argumentChecks(): Line[] {
  const when = (k: number, to: string): Line => ({ test: "eq", k, to });
  return [
    { at: "clone" },
    { load: argumentLow(0) },
    { test: "set", k: policy.CLONE_NAMESPACES, to: "deny", otherwise: "allow" },
    { at: "ioctl" },
    { load: argumentLow(1) },
    ...Object.values(policy.DENIED_IOCTLS).map((request) => when(request, "deny")),
    { answer: ALLOW },
    { at: "personality" },
    { load: argumentLow(0) },
    ...policy.ALLOWED_PERSONALITIES.map((persona) => when(persona, "allow")),
    { answer: errno(EPERM) },
    { at: "socket" },
    { load: argumentLow(0) },
    ...Object.values(policy.ALLOWED_FAMILIES).map((family) => when(family, "allow")),
    { test: "eq", k: policy.AF_NETLINK, otherwise: "family" },
    { load: argumentLow(2) },
    { test: "eq", k: policy.NETLINK_ROUTE, to: "allow", otherwise: "family" },
  ];
}
