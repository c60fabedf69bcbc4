import type { Storage } from "@agency/core";

/** What artifacts need of the storage. */
export type BlobStorage = Pick<Storage, "write" | "read" | "signGet" | "delete">;
