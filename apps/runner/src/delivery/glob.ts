export interface Glob {
  matches(path: string): boolean;
  /** Could something in this folder match? Spares walking what cannot. */
  mayMatchIn(folder: string): boolean;
}

/**
 * `*` and `?` stay within a name, `**` crosses folders, everything else means itself; a folder named plainly stands for
 * all in it. Matched name by name, so that no pattern takes longer than its length times the path's.
 */
export function compileGlob(pattern: string): Glob {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  const last = parts.at(-1) ?? "";
  const isPlain = last !== "" && !/[*?]/.test(last);
  return {
    matches(path) {
      const end = reach(parts, path.split("/")).at(-1) ?? [];
      return end.at(-1) === true || (isPlain && end.includes(true));
    },
    mayMatchIn(folder) {
      const rows = reach(parts, folder.split("/"));
      return rows.some((row) => row.at(-1) === true) || (isPlain && rows.at(-1)?.includes(true) === true);
    },
  };
}

/** In row p, column n: the first p parts can have taken exactly the first n names. */
function reach(parts: readonly string[], names: readonly string[]): boolean[][] {
  const rows = [[true, ...names.map(() => false)]];
  for (const part of parts) {
    const before = rows.at(-1) ?? [];
    const row: boolean[] = [];
    for (let n = 0; n <= names.length; n += 1) {
      const name = names[n - 1];
      if (part === "**") row.push(before[n] === true || row[n - 1] === true);
      else row.push(name !== undefined && before[n - 1] === true && matchName(part, name));
    }
    rows.push(row);
  }
  return rows;
}

/** Greedy, with the last star as the one point to go back to: never exponential. */
function matchName(pattern: string, name: string): boolean {
  let p = 0;
  let star = -1;
  let taken = 0;
  for (let n = 0; n < name.length;) {
    if (pattern[p] === "*") {
      star = p;
      taken = n;
      p += 1;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star === -1) return false;
    else {
      p = star + 1;
      taken += 1;
      n = taken;
    }
  }
  return /^\**$/.test(pattern.slice(p));
}
