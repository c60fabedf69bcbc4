import { AgencyError, keepSandboxSchema, taskSchema, TERMINAL_PROTOCOL } from "@agency/contract";
import { joinTerminal } from "../../terminals/join-terminal.ts";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const tag = "Tasks";

const keep = {
  policy: "key",
  method: "put",
  path: "/v1/tasks/{id}/keep",
  operationId: "keepSandbox",
  tag,
  summary: "Keep a task's sandbox when it is over",
  description:
    "Also while it is kept already. A kept sandbox calls no model and reaches no network; it takes up no place of a running task.",
  params: taskParams,
  body: keepSandboxSchema,
  responses: { 200: { description: "The task.", schema: taskSchema } },
  problems: ["not_found", "task_finished"],
} as const;

const release = {
  policy: "key",
  method: "delete",
  path: "/v1/tasks/{id}/keep",
  operationId: "releaseSandbox",
  tag,
  summary: "End a kept sandbox",
  description: "Of a task that is not over, the sandbox will not be kept. What was stored of it stays.",
  params: taskParams,
  responses: { 200: { description: "The task.", schema: taskSchema } },
  problems: ["not_found"],
} as const;

const terminal = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/terminal",
  operationId: "openTerminal",
  tag,
  summary: "Open a terminal in a task's sandbox",
  description:
    `While it runs and while it is kept. The connection is upgraded to \`${TERMINAL_PROTOCOL}\`: frames of one byte of ` +
    "kind, four bytes of length and that many bytes; in a browser the same within a WebSocket. First comes an `open` frame with what is wanted, as JSON. " +
    "What the sandbox writes is not to be trusted. The audit log says who opened it.",
  params: taskParams,
  responses: { 101: { description: "The connection is the terminal now." } },
  problems: ["not_found", "conflict", "task_finished"],
} as const;

export function sandboxRoutes({
  useCases,
  signIn,
  logger,
}: Pick<ApiDeps, "useCases" | "signIn" | "logger">): Route[] {
  return [
    route(keep, async ({ params, body, caller }) => {
      return { status: 200, body: await useCases.keepTask(caller.accountId, params.id, body) };
    }),
    route(release, async ({ params, caller }) => {
      return { status: 200, body: await useCases.releaseTask(caller.accountId, params.id) };
    }),
    route(terminal, async ({ params, caller }, c) => {
      // Whose task it is comes first: a stranger learns nothing else.
      await useCases.getTask(caller.accountId, params.id);
      // A browser sends its cookie along to any page that opens a socket, but also where that page is from.
      if (caller.session !== undefined && c.req.header("origin") === undefined)
        throw new AgencyError("forbidden", "This request does not come from Agency's own page.");
      const upgrade = c.env?.upgrade;
      if (upgrade === undefined) {
        throw new AgencyError("invalid_request", "A terminal needs a connection of its own.", {
          next: `Ask with \`connection: upgrade\` and \`upgrade: ${TERMINAL_PROTOCOL}\`, or use \`agency shell\`.`,
        });
      }
      const opened = await useCases.openTerminal(caller.accountId, params.id, actorOf(caller));
      upgrade((socket) => {
        const watched = signIn.watch(caller);
        watched.signal.addEventListener("abort", () => socket.destroy(), { once: true });
        joinTerminal(socket, opened)
          .catch((error: unknown) => logger.error({ err: error }, "a terminal failed"))
          .finally(watched.close);
      }, opened.close);
      return c.body(null, 204);
    }),
  ];
}
