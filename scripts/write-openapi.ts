// Writes docs/openapi.json from the routes. A test fails when the file and the routes differ.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import manifest from "../apps/server/package.json" with { type: "json" };
import type { ApiDeps } from "../apps/server/src/http/deps.ts";
import { openApiDocument } from "../apps/server/src/http/openapi.ts";
import { apiRoutes } from "../apps/server/src/http/routes/index.ts";

const { signal } = new AbortController();
// Only what the routes say of themselves is read; nothing is ever called.
const deps = { metricsPage: "key", version: manifest.version, stopping: signal } as unknown as ApiDeps;
const specs = apiRoutes(deps).map(({ spec }) => spec);
const path = fileURLToPath(new URL("../docs/openapi.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(openApiDocument(specs, manifest.version), null, 2)}\n`);
console.log(`Wrote ${specs.length} operations to docs/openapi.json.`);
