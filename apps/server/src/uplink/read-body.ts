import { AgencyError, eventBatchSchema } from "@agency/contract";
import type { Json } from "@agency/contract";
import type { Context, Env } from "hono";
import { z } from "zod";
import { readText } from "../http/read-text.ts";

/**
 * A batch with its envelopes checked and what is in them not: ingest cleans each event's data before it is
 * checked, and a schema that recurses would not survive data nested 20,000 deep.
 */
export const batchSchema = z.object({
  from: eventBatchSchema.shape.from,
  events: z
    .array(
      z.object({
        ...eventBatchSchema.shape.events.element.shape,
        data: z.custom<Json>((value) => value !== undefined, "is missing"),
      }),
    )
    .max(1000),
});

export async function readBody<S extends z.ZodType, E extends Env>(
  c: Context<E>,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  const parsed = schema.safeParse(parseJson(await readText(c, maxBytes)));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => ({ path: path.map(String).join("."), message: message.slice(0, 300) }));
  throw new AgencyError("invalid_request", "The runner sent something else than was agreed.", { errors });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AgencyError("invalid_json", "The runner sent a body that is not JSON.");
  }
}
