/** Classic BPF as the kernel's seccomp reads it: 8-byte instructions, forward jumps only. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const LD_W_ABS = 0x20;
const JEQ = 0x15;
const JGT = 0x25;
const JSET = 0x45;
const RET = 0x06;
/** A conditional jump holds its distance in one byte. */
const FARTHEST = 255;

type Test = "eq" | "gt" | "set";
const TEST_CODES: Record<Test, number> = { eq: JEQ, gt: JGT, set: JSET };

export type Line =
  | { readonly at: string }
  | { readonly load: number }
  | { readonly test: Test; readonly k: number; readonly to?: string; readonly otherwise?: string }
  | { readonly answer: number };

/** Turns symbolic lines into instructions. A jump without a label falls through to the next line. */
export function assemble(lines: readonly Line[]): Instruction[] {
  const positions = new Map<string, number>();
  let position = 0;
  for (const line of lines) {
    if ("at" in line) positions.set(line.at, position);
    else position += 1;
  }
  const instructions: Instruction[] = [];
  for (const line of lines) {
    if (!("at" in line)) instructions.push(toInstruction(line, instructions.length, positions));
  }
  return instructions;
}

function toInstruction(
  line: Exclude<Line, { at: string }>,
  position: number,
  positions: ReadonlyMap<string, number>,
): Instruction {
  if ("load" in line) return { code: LD_W_ABS, jt: 0, jf: 0, k: line.load };
  if ("answer" in line) return { code: RET, jt: 0, jf: 0, k: line.answer };
  return {
    code: TEST_CODES[line.test],
    jt: distance(line.to, position, positions),
    jf: distance(line.otherwise, position, positions),
    k: line.k,
  };
}

function distance(label: string | undefined, from: number, positions: ReadonlyMap<string, number>): number {
  if (label === undefined) return 0;
  const target = positions.get(label);
  if (target === undefined) throw new RangeError(`the filter jumps to "${label}", which does not exist`);
  const steps = target - from - 1;
  if (steps < 0 || steps > FARTHEST) {
    throw new RangeError(`the filter's jump to "${label}" is ${steps} instructions away`);
  }
  return steps;
}

export function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, { code, jt, jf, k }] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}
