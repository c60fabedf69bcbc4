import { createHash } from "node:crypto";

export type Settings = Readonly<Record<string, string>>;

export const SUPERUSER = "agency";
export const PORT = "5432";

/**
 * Small on an idle laptop, enough for one machine's worth of agents. Durability stays at PostgreSQL's
 * own defaults: fsync and synchronous_commit on, checksums on.
 */
export function serverSettings(major: number, socketDir: string, overrides: Settings): Settings {
  return {
    listen_addresses: "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    port: PORT,
    shared_buffers: "64MB",
    max_connections: "60",
    max_wal_size: "512MB",
    jit: "off",
    // No standby will ever follow this server: three idle processes less.
    wal_level: "minimal",
    max_wal_senders: "0",
    max_logical_replication_workers: "0",
    ...(major >= 18 ? { io_method: "sync" } : {}),
    timezone: "UTC",
    log_timezone: "UTC",
    // A failed statement's detail may hold what the agent wrote: never in the log.
    log_error_verbosity: "terse",
    log_min_error_statement: "panic",
    ...overrides,
  };
}

/** Lets a new supervisor see whether a running server is the very one it would start. */
export function settingsStamp(version: string, settings: Settings): string {
  const pairs = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([version, pairs]))
    .digest("hex")
    .slice(0, 32);
}

export function toArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** The kernel tells the server who is at the other end of the socket, so there is no password to leak. */
export const HBA = "local all all peer map=agency\n";

export function identMap(clientName: string): string {
  return `agency "${clientName}" ${SUPERUSER}\n`;
}
