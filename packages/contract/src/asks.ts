import { z } from "zod";
import { jsonSchema } from "./json.ts";

export const askIdSchema = z.string().min(1).max(128);
const id = askIdSchema;
const text = z.string().min(1).max(16_384);

const choiceSchema = z.object({
  label: z.string().min(1).max(1000),
  description: z.string().max(4096).optional(),
});

/** One thing the agent wants to know. Without choices any text answers it. */
export const questionSchema = z.object({
  text,
  header: z.string().max(200).optional(),
  choices: z.array(choiceSchema).max(50).default([]),
  multiple: z.boolean().default(false).describe("More than one choice may be given."),
});
export type Question = z.infer<typeof questionSchema>;

/** What the agent cannot go on without: answers to questions, or a yes to a tool call. */
export const askBodySchema = z.discriminatedUnion("kind", [
  z.object({ id, kind: z.literal("question"), questions: z.array(questionSchema).min(1).max(20) }),
  z.object({
    id,
    kind: z.literal("approval"),
    tool: z.string().min(1).max(200),
    title: z.string().max(4096).describe("The command, the path: what the call is about, in one line."),
    input: jsonSchema,
  }),
]);
export type AskBody = z.infer<typeof askBodySchema>;

export const askSchema = z
  .object({
    askedAt: z.iso.datetime(),
    cut: z.boolean().optional().describe("Only in lists: the task itself has it whole."),
  })
  .and(askBodySchema);
export type Ask = z.infer<typeof askSchema>;

/** `answers[i]` belongs to question i: the labels chosen, or words of one's own. */
export const answerBodySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("question"),
    answers: z.array(z.array(z.string().max(16_384)).min(1)).min(1),
  }),
  z.strictObject({
    kind: z.literal("approval"),
    allow: z.boolean(),
    reason: z.string().max(4096).optional().describe("Told to the agent when refused."),
  }),
]);
export type AnswerBody = z.infer<typeof answerBodySchema>;

export const giveAnswerSchema = z.strictObject({
  askId: id.optional().describe("Which ask; may be left out while only one is open."),
  answer: answerBodySchema,
});
export type GiveAnswer = z.output<typeof giveAnswerSchema>;
