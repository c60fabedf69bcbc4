export type Channel = "ev" | "ctl" | "job" | "net";

/**
 * Wake-ups between processes; never the data itself. Payloads: ev `task:seq,task:seq` or `*`,
 * ctl `taskId`, job nothing, net the account whose network settings changed. A wake-up may be lost
 * while the connection is down: `onResync` fires after every reconnect, and each listener then reads
 * what it missed.
 */
export interface Bus {
  subscribe(channel: Channel, listener: (payload: string) => void): () => void;
  onResync(listener: () => void): () => void;
}
