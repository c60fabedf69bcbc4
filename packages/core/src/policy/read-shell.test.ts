import { describe, expect, it } from "vitest";
import { NotUnderstood } from "./not-understood.ts";
import { readShell } from "./read-shell.ts";

const commandsOf = (line: string): string[] =>
  readShell(line).map(({ words }) => words.map(({ text }) => text).join(" "));

function outcomeOf(line: string): unknown {
  try {
    return readShell(line);
  } catch (error) {
    return error;
  }
}

describe("the commands of a line of shell", () => {
  it.each([
    ["", []],
    ["   # only a remark", []],
    ["ls", ["ls"]],
    ["ls -la # and a remark; rm x", ["ls -la"]],
    ["echo a#b", ["echo a#b"]],
    ["a; b && c || d | e |& f & g\nh", ["a", "b", "c", "d", "e", "f", "g", "h"]],
    ["a \\\n  b", ["a b"]],
    ["(a; (b)) && c", ["a", "b", "c"]],
    ["{ a; b; } > out", ["a", "b"]],
    ["! a", ["a"]],
    ["time -p a", ["a"]],
    ["if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]],
    ["while a; do b; done; until c; do d; done < in", ["a", "b", "c", "d"]],
    ["for x in 1 2 $(a); do b $x; done", ["a", "b $x"]],
    ["for x\ndo b; done", ["b"]],
    ["for ((i=0; i<3; i++)); do a; done", ["a"]],
    ["select x in a b; do c; done", ["c"]],
    ["case $x in a|b) c;; (d) e ;& *) f; esac; g", ["c", "e", "f", "g"]],
    ["case x in\n  esac) echo no ;;\nesac", null],
    ["f() { a; }; f", ["a", "f"]],
    ["f () (a)", ["a"]],
    ["function f { a; }", ["a"]],
    ["[[ -f x && ( $y =~ ^a(b|c)$ ) ]] && a", ["a"]],
    ["[ -f x ] && a", ["[ -f x ]", "a"]],
    ["((x = 1 + (2 * $y))) && a", ["a"]],
    ["if ((x > 1)); then a; fi", ["a"]],
  ])("of %j are %j", (line, commands) => {
    if (commands === null) expect(() => readShell(line)).toThrow(NotUnderstood);
    else expect(commandsOf(line)).toEqual(commands);
  });

  it.each([
    ["echo $(a; b)", ["a", "b", "echo $(a; b)"]],
    ["echo `a \\`b\\``", ["b", "a `b`", "echo `a \\`b\\``"]],
    ['echo "x $(a "$(b)") y"', ["b", "a $(b)", 'echo x $(a "$(b)") y']],
    ["diff <(a) >(b)", ["a", "b", "diff <(a) >(b)"]],
    ["X=$(a) b", ["a", "b"]],
    ["X=$(a)", ["a"]],
    ["X=(1 $(a) 2); b", ["a", "b"]],
    ["declare -a X=($(a))", ["a", "declare -a X="]],
    ["echo ${x:-$(a)}", ["a", "echo ${x:-$(a)}"]],
    ['echo "${x:-`a`}"', ["a", "echo ${x:-`a`}"]],
    ["echo $((1 + $(a)))", ["a", "echo $((1 + $(a)))"]],
    ["echo $((a; b) | c)", ["a", "b", "c", "echo $((a; b) | c)"]],
    ["((a; b) | c)", ["a", "b", "c"]],
    ["cat > $(a)", ["a", "cat"]],
    ["cat <<< $(a)", ["a", "cat"]],
    ["cat <<EOF\n$(a)\n`b`\nEOF\nc", ["cat", "a", "b", "c"]],
    ["cat <<'EOF' && d\n$(a)\nEOF\nc", ["cat", "d", "c"]],
    ["cat <<-EOF\n\tx\n\tEOF\nc", ["cat", "c"]],
    ["cat <<A <<B\nx\nA\n$(b)\nB", ["cat", "b"]],
    ["cat <<$X\n$(a)\n$X", ["cat", "a"]],
    ["x=$(cat <<EOF\n$(a)\nEOF\n); b", ["cat", "a", "b"]],
  ])("that hide in %j are %j", (line, commands) => {
    expect(commandsOf(line)).toEqual(commands);
  });

  it.each([
    ["a > out 2>&1 < in", ["a"]],
    ["a &> out; b &>> out", ["a", "b"]],
    ["> out a", ["a"]],
    ["a 2>/dev/null | b >| c", ["a", "b"]],
    ["a {fd}> out b", ["a b"]],
    ["a 2 >x", ["a 2"]],
    ["sleep 1 & wait", ["sleep 1", "wait"]],
  ])("have no redirections in them: %j", (line, commands) => {
    expect(commandsOf(line)).toEqual(commands);
  });

  it.each([
    ["r'm' \"-\"rf", "rm -rf"],
    ["\\rm x", "rm x"],
    ['echo \'a  b\' "c\\"d" e\\ f', 'echo a  b c"d e f'],
    ['echo "a\\b \\$c"', "echo a\\b $c"],
    ['g""it push', "git push"],
    ['A=1 B="2 3" cmd C=4', "cmd C=4"],
  ])("are read as the shell reads them: %s", (line, command) => {
    expect(commandsOf(line)).toEqual([command]);
  });

  it.each([
    ["$X", false],
    ["{rm,-rf}", false],
    ["/bin/r*", false],
    ["r[m]", false],
    ["$'\\x72m'", false],
    ["[", true],
    ["./run", true],
    ["~/run", true],
    ["{}", true],
  ])("have a name that is known only when it is: %s", (line, isFixed) => {
    expect(readShell(line)[0]?.words[0]?.isFixed).toBe(isFixed);
  });

  it.each([
    "echo 'open",
    'echo "open',
    "echo `open",
    "echo $(open",
    "echo ${open",
    "echo $'open",
    "(open",
    "closed)",
    "a ;; b",
    "cat <<EOF\nno end",
    "cat <<EOF",
    "case x in a) b",
    "case x",
    "a > ",
    "[[ -f x",
    "X=(1 2",
    "a (b)",
    "coproc a",
    "a\0b",
  ])("are not guessed: %j", (line) => {
    expect(() => readShell(line)).toThrow(NotUnderstood);
  });

  it("are not looked for in a line that no program can be given", () => {
    expect(() => readShell("a".repeat(200_000))).toThrow(NotUnderstood);
  });

  it.each(["$(", "(", "((", "$((", '"$(', "`", "${x:-", "case x in a) ", "f() { ", "{"])(
    "take no time and no stack to refuse: %s, ten thousand times",
    (piece) => {
      const began = performance.now();
      expect(outcomeOf(`${piece.repeat(10_000)} x;`)).not.toBeInstanceOf(RangeError);
      expect(performance.now() - began).toBeLessThan(2000);
    },
  );
});
