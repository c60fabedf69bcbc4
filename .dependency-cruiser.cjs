// The layers of ARCHITECTURE.md as rules. A broken rule is a design mistake: move the code, do not add an exception.
/** Tests and what only they use may reach further. */
const TESTS = ["\\.(test|suite)\\.ts$", "/src/testing/", "/src/[^/]+/testing/"];
const from = (path) => ({ path: `^${path}/src`, pathNot: TESTS });
const only = (name, path, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: from(path),
  to: { path: "^(packages|apps)/", pathNot: [`^${path}/`, ...allowed.map((a) => `^${a}/`)] },
});
const adapters = ["postgres", "providers", "engines", "broker", "storage"];

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-deep-imports",
      comment: "A package is entered through its index.ts.",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/" },
      to: { path: "^packages/([^/]+)/src/(?!index\\.ts$)", pathNot: "^packages/$2/" },
    },
    only("contract-is-alone", "packages/contract", [], "contract imports zod only"),
    {
      name: "contract-imports-zod-only",
      severity: "error",
      from: from("packages/contract"),
      to: { dependencyTypes: ["npm", "core"], pathNot: "node_modules/zod/" },
    },
    only("core-knows-contract-only", "packages/core", ["packages/contract"], "core is the pure domain"),
    {
      name: "core-takes-types-only",
      comment: "core may name the contract's types, never run its code (zod) or any npm or node module.",
      severity: "error",
      from: from("packages/core"),
      to: { path: "^packages/contract", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "core-is-pure",
      severity: "error",
      from: from("packages/core"),
      to: { dependencyTypes: ["npm", "core"] },
    },
    only(
      "control-knows-core",
      "packages/control",
      ["packages/core", "packages/contract"],
      "use cases know ports, not adapters",
    ),
    ...adapters.map((a) =>
      only(
        `${a}-is-an-adapter`,
        `packages/${a}`,
        ["packages/core", "packages/contract"],
        "adapters never import each other",
      ),
    ),
    only("scripted-model-is-alone", "packages/scripted-model", [], "the scripted model stands by itself"),
    only(
      "client-speaks-contract",
      "packages/client",
      ["packages/contract"],
      "the client knows the wire, nothing else",
    ),
    only(
      "cli-speaks-client",
      "apps/cli",
      ["packages/client", "packages/contract"],
      "the CLI is one more API client",
    ),
    only(
      "web-speaks-client",
      "apps/web",
      ["packages/client", "packages/contract"],
      "the web app is one more API client",
    ),
    only(
      "runner-is-small",
      "apps/runner",
      ["packages/contract", "packages/engines", "packages/core"],
      "what is shipped into sandboxes",
    ),
    {
      name: "testing-is-for-tests",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src", pathNot: [...TESTS, "^packages/testing/"] },
      to: { path: "^packages/testing/" },
    },
    {
      name: "only-main-wires",
      comment: "Adapters are constructed in apps/*/src/main.ts and apps/server/src/wire/ only.",
      severity: "error",
      from: {
        path: "^apps/server/src",
        pathNot: ["^apps/server/src/(main\\.ts|wire/)", ...TESTS],
      },
      to: { path: `^packages/(${adapters.join("|")}|scripted-model)/` },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      conditionNames: ["import", "types", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
