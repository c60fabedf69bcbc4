import type { Facade } from "../wire/facade.ts";
import { readMessagesRequest } from "./read-request.ts";
import { errorBody } from "./responses.ts";
import { toEvent, toMessageFrames, toMessageJson } from "./write-message.ts";

/** Anthropic's Messages. */
export const messagesFacade: Facade = {
  path: "/v1/messages",
  read: readMessagesRequest,
  toJson: toMessageJson,
  toFrames: toMessageFrames,
  broken: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n',
  overloaded: toEvent("error", errorBody(529, "Overloaded")),
};
