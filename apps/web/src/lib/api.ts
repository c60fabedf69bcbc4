import { createClient } from "@agency/client";
import type { Client } from "@agency/client";
import { server } from "./first-api.ts";

/** Every call there is. What is part of the first load takes `firstApi` instead. */
export const api: Client = createClient(server);
