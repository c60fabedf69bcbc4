import {
  accountBudgetSchema,
  accountNetworkSchema,
  archivedFileListSchema,
  artifactListSchema,
  artifactSchema,
  askBodySchema,
  askSchema,
  auditEntrySchema,
  checkpointFileListSchema,
  checkpointListSchema,
  checkpointSchema,
  checkSchema,
  createTaskSchema,
  engineInfoSchema,
  engineListSchema,
  eventPageSchema,
  jsonSchema,
  limitsSchema,
  networkSchema,
  problemSchema,
  providerInfoSchema,
  providerListSchema,
  repositorySchema,
  secretInfoSchema,
  sendMessageSchema,
  settingSchema,
  statusSchema,
  taskEventSchema,
  feedUpdateSchema,
  taskPageSchema,
  taskSchema,
  taskSummarySchema,
  templateListSchema,
  templateSchema,
  waitSchema,
} from "@agency/contract";
import { z } from "zod";
import type { Schema } from "./openapi-types.ts";

/** What a request holds and what an answer holds differ: a default fills the one and is always in the other. */
type Direction = "input" | "output";

const NAMED: Record<Direction, Record<string, z.ZodType>> = {
  input: { CreateTask: createTaskSchema, SendMessage: sendMessageSchema },
  output: {
    Task: taskSchema,
    TaskPage: taskPageSchema,
    TaskEvent: taskEventSchema,
    EventPage: eventPageSchema,
    Engine: engineInfoSchema,
    EngineList: engineListSchema,
    Provider: providerInfoSchema,
    ProviderList: providerListSchema,
    Status: statusSchema,
    Check: checkSchema,
    Setting: settingSchema,
    Limits: limitsSchema,
    Repository: repositorySchema,
    Network: networkSchema,
    Wait: waitSchema,
    Ask: askSchema,
    AskBody: askBodySchema,
    AccountBudget: accountBudgetSchema,
    AccountNetwork: accountNetworkSchema,
    Secret: secretInfoSchema,
    Artifact: artifactSchema,
    ArtifactList: artifactListSchema,
    ArchivedFileList: archivedFileListSchema,
    Checkpoint: checkpointSchema,
    CheckpointList: checkpointListSchema,
    CheckpointFileList: checkpointFileListSchema,
    AuditEntry: auditEntrySchema,
    TaskSummary: taskSummarySchema,
    FeedUpdate: feedUpdateSchema,
    Template: templateSchema,
    TemplateList: templateListSchema,
    Problem: problemSchema,
    Json: jsonSchema,
  },
};

const refTo = (name: string): string => `#/components/schemas/${name}`;

/** Every schema that has a name in the document. */
export function namedSchemas(): Record<string, Schema> {
  const named: Record<string, Schema> = {};
  for (const io of ["input", "output"] as const) {
    const registry = z.registry<{ id: string }>();
    for (const [id, schema] of Object.entries(NAMED[io])) registry.add(schema, { id });
    const { schemas } = z.toJSONSchema(registry, { uri: refTo, io, override: tidy });
    for (const [name, schema] of Object.entries(schemas)) named[name] = bare(schema);
  }
  return named;
}

/** A reference when the schema has a name, else the schema itself. */
export function schemaFor(schema: z.ZodType, io: Direction): Schema {
  const name = Object.entries(NAMED[io]).find(([, known]) => known === schema)?.[0];
  return name === undefined ? bare(z.toJSONSchema(schema, { io, override: tidy })) : { $ref: refTo(name) };
}

function bare({ $schema: _dialect, $id: _id, ...schema }: Schema): Schema {
  return schema;
}

/** Leaves out what says nothing to a reader, and what would forbid the API to grow. */
function tidy({ zodSchema, jsonSchema: schema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Schema }): void {
  const { def } = zodSchema._zod;
  if (def.type === "object" && def.catchall === undefined) delete schema.additionalProperties;
  if (schema.format === "uuid" || schema.format === "date-time") delete schema.pattern;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
