import type { ModelRequest, SideKind, ToolResult } from "../scripts/request.ts";
import type { OfferedTool } from "./tool-calls.ts";

/** A request for one model response, as every façade reads it from its wire format. */
export interface Asked extends ModelRequest {
  model: string;
  stream: boolean;
  tools: readonly OfferedTool[];
  wantsThinking: boolean;
  wantsJson: boolean;
  /** A streamed chat says what it used only to who asks. */
  wantsUsage?: boolean;
  side: SideKind | null;
  lastResults: readonly ToolResult[];
}
