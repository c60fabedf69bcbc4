#!/usr/bin/env node
// Plain JavaScript, so that Node need not load its TypeScript stripper: with the compile cache a start
// takes little more than `node -e 0`. The cache lies beside the code and not in the shared temporary
// folder, where another user could have put something into it.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../../../node_modules/.cache/agency-cli", import.meta.url)));
await import("../src/main.ts");
