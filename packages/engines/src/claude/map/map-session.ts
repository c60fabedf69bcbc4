import type { EngineEvent } from "@agency/core";
import type { SDKSystemMessage } from "@anthropic-ai/claude-agent-sdk";
import { nothing, withStanding } from "./mapping.ts";
import type { Mapped, Mapping } from "./mapping.ts";

/** Repeats at the beginning of every turn; the session is told once. */
export function mapInit(state: Mapping, message: SDKSystemMessage): Mapped {
  const open = withStanding(state, { isTurnOpen: true, owesTurn: false });
  if (state.hasSession) return nothing(open);
  const mcp = message.mcp_servers.map(({ name, status }) => ({ name, ok: status === "connected" }));
  const session: EngineEvent = {
    type: "session",
    data: {
      engine: "claude",
      engineVersion: message.claude_code_version,
      sessionId: message.session_id,
      model: message.model,
      resumed: state.isResumed,
      tools: message.tools,
      ...(mcp.length === 0 ? {} : { mcp }),
    },
  };
  return { state: { ...open, hasSession: true }, events: [session, ...misgivings(message)] };
}

function misgivings({ permissionMode, mcp_servers: servers }: SDKSystemMessage): EngineEvent[] {
  const texts = servers
    .filter(({ status }) => status === "failed" || status === "needs-auth")
    .map(
      ({ name, status }) =>
        `The MCP server ${name} is not available (${status}); the run goes on without it.`,
    );
  if (permissionMode !== "bypassPermissions")
    texts.push(
      `The engine runs in permission mode ${permissionMode} and may refuse tools; bypassPermissions was asked for.`,
    );
  return texts.map((text) => ({ type: "notice", data: { level: "warn", text } }));
}
