export { createGitRoute } from "./git/git-route.ts";
export { createTransferReports } from "./git/transfer-reports.ts";
export { createEgress } from "./egress/egress.ts";
export type { Egress } from "./egress/egress.ts";
export { createResolver } from "./egress/resolve-host.ts";
export { createModelRoutes } from "./model/routes.ts";
export { createCodeHosts } from "./code-host/code-hosts.ts";
export { createMirrors } from "./mirrors/mirrors.ts";
export { createBranchMover } from "./branches/branch-mover.ts";
