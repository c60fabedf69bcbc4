import { raw } from "./action.ts";
import type { Action } from "./action.ts";
import type { Fault } from "./fault.ts";
import { callId, printPlace } from "./place.ts";
import type { Place } from "./place.ts";
import type { Step, Stop, Usage } from "./script.ts";

/** One model response in no vendor's words; a façade writes it out. */
export interface Reply {
  id: string;
  thinking: string;
  text: string;
  calls: readonly { id: string; action: Action }[];
  usage: Usage;
  stop: Stop;
}

interface Source {
  script: string;
  place: Place;
  step: Step;
  say: readonly string[];
  fault: Fault | undefined;
  nonce: string;
}

export function makeReply(source: Source): Reply {
  const { script, place, step, nonce } = source;
  const text = [...source.say, step.text ?? ""].filter((part) => part !== "").join("\n\n");
  const content = spoil({ thinking: step.thinking ?? "", text, actions: step.tools ?? [] }, source.fault);
  return {
    id: `${script}_${printPlace(place)}_${nonce}`,
    thinking: content.thinking,
    text: content.text,
    calls: content.actions.map((action, index) => ({ id: callId(script, place, index, nonce), action })),
    usage: { ...defaultUsage(place), ...step.usage },
    stop: content.stop ?? step.stop ?? (content.actions.length > 0 ? "tool_use" : "end_turn"),
  };
}

/** Different for every step, so that a sum tells at once whether an answer was counted twice or not at all. */
function defaultUsage({ step, detour }: Place): Usage {
  const offset = detour === undefined ? step : 500 + 20 * step + detour;
  return { input: 1000 + offset, output: 100 + offset, cacheRead: 5000, cacheWrite: 200 };
}

interface Content {
  thinking: string;
  text: string;
  actions: readonly Action[];
  stop?: Stop;
}

function spoil(content: Content, fault: Fault | undefined): Content {
  switch (fault?.kind) {
    case "empty":
      return { thinking: "", text: "", actions: [] };
    case "hugeText":
      return {
        ...content,
        text: "0123456789abcde\n".repeat(Math.ceil(fault.chars / 16)).slice(0, fault.chars),
      };
    case "maxTokens":
      return {
        ...content,
        text: content.text.slice(0, Math.ceil(content.text.length / 2)),
        actions: [],
        stop: "max_tokens",
      };
    case "refusal":
      return { ...content, actions: [], stop: "refusal" };
    case "unknownTool":
      return { ...content, actions: [raw("NoSuchTool")] };
    default:
      return content;
  }
}
