import type { ErrorCode } from "@agency/contract";
import type { Caller } from "@agency/control";
import type { z } from "zod";
import type { ApiContext } from "./env.ts";
import type { Policy } from "./middleware/authorise.ts";

/** Everything of a route but its handler, as data: what OpenAPI publishes is what is enforced. */
export interface RouteSpec {
  policy: Policy;
  method: "get" | "post" | "put" | "patch" | "delete";
  /** OpenAPI form: `/v1/tasks/{id}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  params?: z.ZodObject;
  /** Anything that is not named here is refused. */
  query?: z.ZodObject;
  headers?: Readonly<Record<string, HeaderSpec>>;
  body?: z.ZodType;
  /** A body that is not JSON, for the handler to read: media type → what is in it. */
  bodyContent?: Readonly<Record<string, string>>;
  responses: Readonly<Partial<Record<ResponseStatus, ResponseSpec>>>;
  /** Problems beside the ones every route can answer with. */
  problems?: readonly ErrorCode[];
}

type JsonStatus = 200 | 201 | 202 | 204;
/** The others are for answers of a handler's own making. */
export type ResponseStatus = JsonStatus | 101 | 206 | 302 | 304;

export interface HeaderSpec {
  description: string;
  schema: z.ZodType;
}

export interface ResponseSpec {
  description: string;
  /** The JSON body; a response without one has no body, or one of `content`. */
  schema?: z.ZodType;
  /** Bodies that are not JSON: media type → what is in them. */
  content?: Readonly<Record<string, string>>;
}

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface RouteInput<S extends RouteSpec> {
  params: Parsed<S["params"]>;
  query: Parsed<S["query"]>;
  body: Parsed<S["body"]>;
  /** Who asks; only a route behind a key knows. */
  caller: S["policy"] extends "key" ? Caller : undefined;
}

/** A JSON answer of the shape its response declares, or a response of the handler's own making. */
export type RouteAnswer<S extends RouteSpec> =
  | Response
  | {
      [Status in keyof S["responses"] & JsonStatus]: S["responses"][Status] extends {
        schema: infer B extends z.ZodType;
      }
        ? { status: Status; body: z.input<B>; headers?: Record<string, string> }
        : { status: Status; body?: undefined };
    }[keyof S["responses"] & JsonStatus];

export type RouteHandler<S extends RouteSpec> = (
  input: RouteInput<S>,
  c: ApiContext,
) => Promise<RouteAnswer<S>> | RouteAnswer<S>;

/** A spec with its handler, whose types have been checked against each other. */
export interface Route {
  spec: RouteSpec;
  handle: (input: unknown, c: ApiContext) => Promise<LooseAnswer> | LooseAnswer;
}

export type LooseAnswer = Response | { status: JsonStatus; body?: unknown; headers?: Record<string, string> };

export function route<const S extends RouteSpec>(spec: S, handle: RouteHandler<S>): Route {
  return { spec, handle: handle as Route["handle"] };
}

export { actorOf } from "@agency/control";
