import type { Schema } from "../openapi-types.ts";
import { escapeHtml, prose } from "./html.ts";

interface Field {
  name: string;
  schema: Schema;
  /** Only what is not to be expected: a field a request must have, or one an answer may lack. */
  note: "required" | "optional" | null;
}

type SchemaLike = Schema | boolean | undefined;

/** A schema as a table of its fields; nested ones are named by their path. */
export function schemaTable(schema: Schema): string {
  const variants = schema.oneOf?.filter((one) => constOf(one) !== null) ?? [];
  if (variants.length > 0) return variantTables(variants);
  const fields = fieldsOf(schema, "");
  return fields.length === 0 ? `<p>${typeOf(schema)}</p>` : fieldTable(fields);
}

export function fieldTable(fields: readonly Field[]): string {
  return `<div class="scroll"><table>${fields.map(fieldRow).join("\n")}</table></div>`;
}

function fieldRow({ name, schema, note }: Field): string {
  const noted = note === null ? "" : `<span class="${note}">${note}</span>`;
  const about = [schema.description, defaultOf(schema)]
    .filter((text) => text !== undefined)
    .map((text) => prose(text));
  return `<tr><td><code>${escapeHtml(name)}</code>${noted}</td><td class="type">${typeOf(schema)}</td><td>${about.join(" ")}</td></tr>`;
}

function defaultOf({ default: value }: Schema): string | undefined {
  return value === undefined || typeof value === "object"
    ? undefined
    : `Default: \`${JSON.stringify(value)}\`.`;
}

function fieldsOf(schema: Schema, prefix: string): Field[] {
  const isRequest = schema.additionalProperties === false;
  const note = (key: string): Field["note"] => {
    const required = schema.required?.includes(key) === true;
    if (isRequest) return required ? "required" : null;
    return required ? null : "optional";
  };
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    if (typeof property === "boolean") return [];
    const name = prefix + key;
    const inner = property.type === "array" && typeof property.items === "object" ? property.items : property;
    const nested = Array.isArray(inner)
      ? []
      : fieldsOf(objectIn(inner), `${name}${inner === property ? "." : "[]."}`);
    return [{ name, schema: property, note: note(key) }, ...nested];
  });
}

/** The object behind `object or null`. */
function objectIn(schema: Schema): Schema {
  const [first] = schema.anyOf?.filter((one) => typeof one === "object" && one.type !== "null") ?? [];
  return typeof first === "object" ? first : schema;
}

/** What all variants share once, then each variant's own `data`. */
function variantTables(variants: readonly SchemaLike[]): string {
  const [first] = variants;
  const shared =
    typeof first === "object"
      ? fieldsOf(first, "").filter(({ name }) => !/^(type|data)(\.|\[|$)/.test(name))
      : [];
  const each = variants.map((variant) => {
    const data = typeof variant === "object" ? variant.properties?.["data"] : undefined;
    const table = typeof data === "object" ? schemaTable(data) : "";
    return `<details><summary><code>${escapeHtml(constOf(variant) ?? "")}</code></summary>${table}</details>`;
  });
  return `${fieldTable(shared)}<h4>By <code>type</code>, what is in <code>data</code></h4>${each.join("\n")}`;
}

function constOf(schema: SchemaLike): string | null {
  const type = typeof schema === "object" ? schema.properties?.["type"] : undefined;
  return typeof type === "object" && typeof type.const === "string" ? type.const : null;
}

export function typeOf(schema: SchemaLike): string {
  if (typeof schema !== "object") return "anything";
  if (schema.$ref !== undefined) return linkTo(schema.$ref);
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(" ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return [...new Set(either.map(typeOf))].join(" or ");
  return plainType(schema);
}

function plainType(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "anything");
  if (type === "array") return `list of ${Array.isArray(schema.items) ? "anything" : typeOf(schema.items)}`;
  if (type === "object" && schema.properties === undefined)
    return `map of ${typeOf(schema.additionalProperties)}`;
  const limits = [schema.format, rangeOf(schema)].filter((text) => text !== undefined);
  return escapeHtml(limits.length === 0 ? type : `${type}, ${limits.join(", ")}`);
}

function rangeOf(schema: Schema): string | undefined {
  const { minimum, maximum, exclusiveMinimum, maxLength } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (exclusiveMinimum !== undefined)
    return `above ${exclusiveMinimum}${maximum === undefined ? "" : `, at most ${maximum}`}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  if (maximum !== undefined) return `at most ${maximum}`;
  return maxLength === undefined ? undefined : `at most ${maxLength} characters`;
}

function linkTo(ref: string): string {
  const name = escapeHtml(ref.split("/").at(-1) ?? ref);
  return `<a href="#schema-${name}">${name}</a>`;
}
