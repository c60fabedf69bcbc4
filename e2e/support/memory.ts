import { readFileSync } from "node:fs";
import { processesWith } from "./processes.ts";

/** Watches a process by a part of its command line; the kernel itself keeps the peak (VmHWM). */
export function peakMemoryOf(text: string): { stop(): { seen: boolean; mib: number } } {
  let mib = 0;
  let seen = false;
  const look = () => {
    for (const pid of processesWith(text)) {
      const peak = peakOf(pid);
      if (peak === null) continue;
      seen = true;
      mib = Math.max(mib, peak);
    }
  };
  const timer = setInterval(look, 100);
  return {
    stop() {
      look();
      clearInterval(timer);
      return { seen, mib };
    },
  };
}

function peakOf(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? "";
    const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    // A process on its way out has no memory any more.
    return kib > 0 && (name.startsWith("node") || name === "MainThread") ? kib / 1024 : null;
  } catch {
    return null;
  }
}
