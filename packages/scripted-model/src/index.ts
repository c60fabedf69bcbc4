export { edit, raw, read, shell, write } from "./scripts/action.ts";
export type { Action } from "./scripts/action.ts";
export { fault } from "./scripts/fault.ts";
export type { Fault } from "./scripts/fault.ts";
export { when } from "./scripts/script.ts";
export type {
  Detour,
  Moment,
  Pace,
  Reaction,
  Script,
  ScriptSource,
  Step,
  StepSource,
  Usage,
} from "./scripts/script.ts";
export type { RecordedRequest, ToolResult } from "./scripts/request.ts";
export { createScriptedModel } from "./scripted-model.ts";
export type { ScriptedModel, ScriptedModelOptions } from "./scripted-model.ts";
export { demoScript } from "./demo/demo-script.ts";
