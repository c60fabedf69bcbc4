import type { EngineEvent } from "@agency/core";
import { fieldsOf, textOf } from "./read-value.ts";

export interface TodoItem {
  id: string;
  title: string;
  status: "open" | "active" | "passed";
}

export interface TodoChange {
  todo: readonly TodoItem[];
  events: EngineEvent[];
}

/** The agent's own plan. Its items are features with ids of their own, apart from those of a harness. */
export function mapTodoTool(
  todo: readonly TodoItem[],
  tool: string,
  input: unknown,
  result: unknown,
): TodoChange {
  if (tool === "TaskCreate") return created(todo, result);
  if (tool === "TaskUpdate") return updated(todo, fieldsOf(input), fieldsOf(result));
  return { todo, events: [] };
}

function created(todo: readonly TodoItem[], result: unknown): TodoChange {
  const task = fieldsOf(fieldsOf(result)["task"]);
  const id = textOf(task["id"]);
  if (id === undefined) return { todo, events: [] };
  const item: TodoItem = {
    id: featureId(id),
    title: textOf(task["subject"]) ?? `Task ${id}`,
    status: "open",
  };
  const next = [...todo.filter((other) => other.id !== item.id), item];
  return { todo: next, events: [listed(next)] };
}

function updated(
  todo: readonly TodoItem[],
  input: Readonly<Record<string, unknown>>,
  result: Readonly<Record<string, unknown>>,
): TodoChange {
  const id = textOf(input["taskId"]);
  if (id === undefined || result["success"] !== true) return { todo, events: [] };
  const before = todo.find((item) => item.id === featureId(id));
  const known: TodoItem = before ?? { id: featureId(id), title: `Task ${id}`, status: "open" };
  const item = {
    ...known,
    title: textOf(input["subject"]) ?? known.title,
    status: statusAfter(known, input["status"]),
  };
  const isDeleted = input["status"] === "deleted";
  const next = isDeleted
    ? todo.filter((other) => other.id !== item.id)
    : before === undefined
      ? [...todo, item]
      : todo.map((other) => (other.id === item.id ? item : other));
  const isListChange = isDeleted || before === undefined || before.title !== item.title;
  const steps = isDeleted || known.status === item.status ? [] : moved(next, item);
  return { todo: next, events: [...(isListChange ? [listed(next)] : []), ...steps] };
}

function statusAfter(item: TodoItem, status: unknown): TodoItem["status"] {
  if (status === "pending") return "open";
  if (status === "in_progress") return "active";
  if (status === "completed") return "passed";
  return item.status;
}

function moved(todo: readonly TodoItem[], item: TodoItem): EngineEvent[] {
  if (item.status === "active")
    return [{ type: "feature_start", data: { id: item.id } }, progress(todo, item.title)];
  if (item.status === "passed")
    return [{ type: "feature_end", data: { id: item.id, status: "passed" } }, progress(todo, item.title)];
  return [listed(todo)];
}

function progress(todo: readonly TodoItem[], message: string): EngineEvent {
  const done = todo.filter((item) => item.status === "passed").length;
  return { type: "progress", data: { done, total: todo.length, message } };
}

function listed(todo: readonly TodoItem[]): EngineEvent {
  return { type: "feature_list", data: { features: todo.slice(0, 1000).map((item) => ({ ...item })) } };
}

function featureId(taskId: string): string {
  return `todo-${taskId}`;
}
