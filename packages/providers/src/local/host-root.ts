import { access, lstat, readlink } from "node:fs/promises";
import { readText } from "./records.ts";

/** What of this machine's own root is offered read-only: the system's programs, and no configuration. */
export interface HostRoot {
  /** `/bin -> usr/bin` and the like, where the distribution merged them. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  readonly folders: readonly string[];
  readonly etc: readonly string[];
  /** Kernel files that tell of other users or of the machine. */
  readonly masked: readonly string[];
  /** Hard limits of the server, which nobody below it can raise. */
  readonly hardLimits: HardLimits;
}

export interface HardLimits {
  readonly openFiles: number;
  readonly processes: number;
  readonly fileBytes: number;
}

const BESIDE_USR = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/** Certificates, the linker's cache and names for programs: what a compiler or git cannot do without. */
const ETC = [
  "/etc/ssl",
  "/etc/ca-certificates",
  "/etc/ca-certificates.conf",
  "/etc/pki/tls",
  "/etc/pki/ca-trust",
  "/etc/crypto-policies",
  "/etc/alternatives",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/etc/mime.types",
  "/etc/terminfo",
];
const MASKED = ["/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/config.gz", "/proc/kallsyms"];

export async function readHostRoot(): Promise<HostRoot> {
  const [beside, etc, masked, limits] = await Promise.all([
    Promise.all(BESIDE_USR.map(lookAt)),
    Promise.all(ETC.map(present)),
    Promise.all(MASKED.map(present)),
    readText("/proc/self/limits"),
  ]);
  const links = beside.flatMap((entry) =>
    entry?.target === undefined ? [] : [{ ...entry, target: entry.target }],
  );
  const folders = beside.flatMap((entry) =>
    entry !== null && entry.target === undefined ? [entry.path] : [],
  );
  return {
    links,
    folders: ["/usr", ...folders],
    etc: etc.flat(),
    masked: masked.flat(),
    hardLimits: parseLimits(limits ?? ""),
  };
}

/** The third column of /proc/<pid>/limits. */
export function parseLimits(text: string): HardLimits {
  const hard = (name: string): number => {
    const line = text.split("\n").find((line) => line.startsWith(name));
    const value = line?.slice(name.length).trim().split(/\s+/u)[1];
    return value === undefined || value === "unlimited" ? Number.POSITIVE_INFINITY : Number(value);
  };
  return {
    openFiles: hard("Max open files"),
    processes: hard("Max processes"),
    fileBytes: hard("Max file size"),
  };
}

async function lookAt(path: string): Promise<{ path: string; target?: string } | null> {
  const facts = await lstat(path).catch(() => null);
  if (facts === null) return null;
  return facts.isSymbolicLink() ? { path, target: await readlink(path) } : { path };
}

async function present(path: string): Promise<string[]> {
  return access(path).then(
    () => [path],
    () => [],
  );
}
