import { AgencyError } from "@agency/contract";
import type { SaveTemplate, Template } from "@agency/contract";
import { cleanJson } from "@agency/core";
import type { SaveTemplateOutcome, TemplateRow, TemplateStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";

const MOST_TEMPLATES = 200;

export interface TemplateDeps {
  store: TemplateStore;
  now: () => number;
}

export async function listTemplates({ store }: TemplateDeps, accountId: string): Promise<Template[]> {
  return (await store.list(accountId)).map(toTemplate);
}

export async function createTemplate(
  { store, now }: TemplateDeps,
  accountId: string,
  { name, task }: SaveTemplate,
): Promise<Template> {
  const row = { id: uuidv7(now()), name, task: storable(task), updatedAt: now() };
  check(await store.create(accountId, row, MOST_TEMPLATES), row);
  return toTemplate(row);
}

export async function replaceTemplate(
  { store, now }: TemplateDeps,
  accountId: string,
  id: string,
  { name, task }: SaveTemplate,
): Promise<Template> {
  const row = { id, name, task: storable(task), updatedAt: now() };
  check(await store.replace(accountId, row), row);
  return toTemplate(row);
}

export async function removeTemplate({ store }: TemplateDeps, accountId: string, id: string): Promise<void> {
  if (!(await store.remove(accountId, id))) throw notFound(id);
}

function storable(task: SaveTemplate["task"]): Template["task"] {
  const { value } = cleanJson(task);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function check(outcome: SaveTemplateOutcome, { id, name }: TemplateRow): void {
  if (outcome === "saved") return;
  if (outcome === "not_found") throw notFound(id);
  if (outcome === "name_taken")
    throw new AgencyError("conflict", `There is a template "${name}" already.`, {
      next: "Choose another name, or change that one.",
    });
  throw new AgencyError("conflict", `There are ${MOST_TEMPLATES} templates already.`, {
    next: "Delete one first.",
  });
}

function notFound(id: string): AgencyError {
  return new AgencyError("not_found", `There is no template ${id}.`);
}

function toTemplate({ updatedAt, ...row }: TemplateRow): Template {
  return { ...row, updatedAt: new Date(updatedAt).toISOString() };
}
