import { AgencyError, eventBatchSchema } from "@agency/contract";
import type { Json } from "@agency/contract";
import type { Context } from "hono";
import { z } from "zod";

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

export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse(await readJson(c));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => ({ path: path.map(String).join("."), message: message.slice(0, 300) }));
  throw new AgencyError("invalid_request", "The runner sent something else than was agreed.", { errors });
}

async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new AgencyError("invalid_json", "The runner sent a body that is not JSON.");
  }
}
