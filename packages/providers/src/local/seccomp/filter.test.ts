import { describe, expect, it } from "vitest";
import { assemble, encode } from "./assembler.ts";
import type { Instruction } from "./assembler.ts";
import { buildFilter, isSupportedArchitecture, seccompFilter } from "./filter.ts";
import type { Architecture } from "./filter.ts";
import { DENIED } from "./policy.ts";
import { SYSCALLS_ARM64 } from "./syscalls-arm64.ts";
import { SYSCALLS_X64 } from "./syscalls-x64.ts";

const MACHINES = { x64: 0xc000_003e, arm64: 0xc000_00b7, i386: 0x4000_0003, arm: 0x4000_0028 };
const NUMBERS = { x64: SYSCALLS_X64, arm64: SYSCALLS_ARM64 };
const ANSWERS = new Map([
  [0x7fff_0000, "allow"],
  [0x8000_0000, "kill"],
  [0x0005_0001, "EPERM"],
  [0x0005_0026, "ENOSYS"],
  [0x0005_0061, "EAFNOSUPPORT"],
]);

interface Call {
  machine?: number;
  number: number;
  args?: readonly bigint[];
}

/** The part of the kernel's BPF machine that a seccomp filter may use, written apart from the assembler. */
function run(program: readonly Instruction[], data: Buffer): string {
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) break;
    const { code, jt, jf, k } = instruction;
    const jump = (yes: boolean): void => void (at += yes ? jt : jf);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x15) jump(accumulator === k >>> 0);
    else if (code === 0x25) jump(accumulator > k >>> 0);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else if (code === 0x06) return ANSWERS.get(k >>> 0) ?? `unexpected answer ${k}`;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("ran off the end of the program");
}

function decide(architecture: Architecture, call: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.machine ?? MACHINES[architecture], 4);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + index * 8);
  }
  return run(buildFilter(architecture), data);
}

describe.each(["x64", "arm64"] as const)("the seccomp filter on %s", (architecture) => {
  const numbers: Readonly<Partial<Record<keyof typeof SYSCALLS_X64, number>>> = NUMBERS[architecture];
  const known = DENIED.flatMap((name) => {
    const number = numbers[name];
    return number === undefined ? [] : [{ name, number }];
  });
  const numberOf = (name: keyof typeof SYSCALLS_X64): number => numbers[name] ?? Number.NaN;

  it.each(known)("refuses $name with EPERM", ({ number }) => {
    expect(decide(architecture, { number })).toBe("EPERM");
  });

  it("allows every other number it knows of", () => {
    const special = new Set<number>([...known.map((k) => k.number), numberOf("clone3"), numberOf("socket")]);
    const refused = Array.from({ length: 470 }, (_, number) => number).filter(
      (number) => !special.has(number) && decide(architecture, { number }) !== "allow",
    );
    expect(refused).toEqual([]);
  });

  it("answers ENOSYS to calls newer than the policy, and to clone3", () => {
    expect(decide(architecture, { number: 470 })).toBe("ENOSYS");
    expect(decide(architecture, { number: 900 })).toBe("ENOSYS");
    expect(decide(architecture, { number: numberOf("clone3") })).toBe("ENOSYS");
  });

  it.each([MACHINES.i386, MACHINES.arm, 0, 0xffff_ffff])(
    "kills a call of the foreign machine %i",
    (machine) => {
      expect(decide(architecture, { machine, number: 1 })).toBe("kill");
    },
  );

  it("takes the other architecture for foreign", () => {
    const machine = architecture === "x64" ? MACHINES.arm64 : MACHINES.x64;
    expect(decide(architecture, { machine, number: 1 })).toBe("kill");
  });

  it.each([
    ["a thread", 0x003d_0f00n, "allow"],
    ["a fork", 0x11n, "allow"],
    ["a vfork", 0x4111n, "allow"],
    ["a user namespace", 0x1000_0011n, "EPERM"],
    ["a mount namespace", 0x0002_0011n, "EPERM"],
    ["a cgroup namespace", 0x0200_0011n, "EPERM"],
    ["a uts namespace", 0x0400_0011n, "EPERM"],
    ["an ipc namespace", 0x0800_0011n, "EPERM"],
    ["a pid namespace", 0x2000_0011n, "EPERM"],
    ["a network namespace", 0x4000_0011n, "EPERM"],
    ["a user namespace under junk in the high half", 0xdead_beef_1000_0011n, "EPERM"],
  ])("decides clone of %s", (_what, flags, answer) => {
    expect(decide(architecture, { number: numberOf("clone"), args: [flags] })).toBe(answer);
  });

  it.each([
    ["TIOCSTI", 0x5412n, "EPERM"],
    ["TIOCSTI | 1<<32", 0x1_0000_5412n, "EPERM"],
    ["TIOCSTI sign-extended", 0xffff_ffff_0000_5412n, "EPERM"],
    ["TIOCLINUX", 0x541cn, "EPERM"],
    ["TIOCLINUX | 1<<63", 0x8000_0000_0000_541cn, "EPERM"],
    ["TCGETS", 0x5401n, "allow"],
    ["TIOCGWINSZ", 0x5413n, "allow"],
  ])("decides ioctl %s", (_what, request, answer) => {
    expect(decide(architecture, { number: numberOf("ioctl"), args: [0n, request] })).toBe(answer);
  });

  it.each([
    ["AF_UNIX", 1n, 0n, "allow"],
    ["AF_INET", 2n, 0n, "allow"],
    ["AF_INET6", 10n, 0n, "allow"],
    ["NETLINK_ROUTE", 16n, 0n, "allow"],
    ["NETLINK_NETFILTER", 16n, 12n, "EAFNOSUPPORT"],
    ["AF_PACKET", 17n, 0n, "EAFNOSUPPORT"],
    ["AF_ALG", 38n, 0n, "EAFNOSUPPORT"],
    ["AF_VSOCK", 40n, 0n, "EAFNOSUPPORT"],
    ["AF_VSOCK under junk in the high half", 0x1_0000_0028n, 0n, "EAFNOSUPPORT"],
    ["AF_XDP", 44n, 0n, "EAFNOSUPPORT"],
    ["AF_KEY", 15n, 0n, "EAFNOSUPPORT"],
    ["AF_BLUETOOTH", 31n, 0n, "EAFNOSUPPORT"],
  ])("decides a socket of %s", (_what, family, protocol, answer) => {
    expect(decide(architecture, { number: numberOf("socket"), args: [family, 1n, protocol] })).toBe(answer);
  });

  it.each([
    [0n, "allow"],
    [0xffff_ffffn, "allow"],
    [0x0040_0000n, "EPERM"],
    [0x0010_0000n, "EPERM"],
  ])("decides personality %i", (persona, answer) => {
    expect(decide(architecture, { number: numberOf("personality"), args: [persona] })).toBe(answer);
  });

  it("fits the kernel's limit and is encoded eight bytes an instruction", () => {
    const program = buildFilter(architecture);
    expect(program.length).toBeLessThan(4096);
    const bytes = seccompFilter(architecture);
    expect(bytes.length).toBe(program.length * 8);
    expect([bytes.readUInt16LE(0), bytes.readUInt32LE(4)]).toEqual([0x20, 4]);
  });
});

describe("the seccomp filter", () => {
  it("kills the x32 ABI on x64, whose numbers carry bit 30", () => {
    expect(decide("x64", { number: 0x4000_0000 | SYSCALLS_X64.ptrace })).toBe("kill");
    expect(decide("x64", { number: 0x4000_0000 })).toBe("kill");
    expect(decide("x64", { number: 0xffff_ffff })).toBe("kill");
  });

  it("names on arm64 every denied call that exists there", () => {
    const absent = DENIED.filter((name) => SYSCALLS_ARM64[name] === undefined);
    const x86Only: typeof absent = ["iopl", "ioperm", "modify_ldt", "create_module", "get_kernel_syms"];
    expect(absent).toEqual([...x86Only, "query_module", "uselib", "ustat", "sysfs", "_sysctl"]);
  });

  it("knows the architectures it is written for", () => {
    expect(["x64", "arm64", "ia32", "riscv64"].map(isSupportedArchitecture)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("the assembler", () => {
  it("refuses a jump to a label that does not exist", () => {
    expect(() => assemble([{ test: "eq", k: 1, to: "nowhere" }])).toThrow(/nowhere/u);
  });

  it("refuses a jump backwards and one too far for a byte", () => {
    expect(() => assemble([{ at: "back" }, { test: "eq", k: 1, to: "back" }])).toThrow(/-1 instructions/u);
    const far = Array.from({ length: 300 }, () => ({ load: 0 }));
    const lines = [{ test: "eq", k: 1, to: "far" } as const, ...far, { at: "far" }, { answer: 0 }];
    expect(() => assemble(lines)).toThrow(/300 instructions/u);
  });

  it("writes values over 2^31 as the kernel reads them", () => {
    expect(encode(assemble([{ answer: 0x8000_0000 }])).toString("hex")).toBe("0600000000000080");
  });
});
