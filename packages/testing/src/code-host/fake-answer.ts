import type { IncomingHttpHeaders } from "node:http";

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const answered = (body: unknown, status = 200): FakeAnswer => ({ status, body });
export const notFound: FakeAnswer = { status: 404, body: { message: "Not Found" } };

export function textIn(body: unknown, name: string): string {
  const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
  return typeof value === "string" ? value : "";
}

export function listIn(body: unknown, name: string): readonly object[] {
  const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
  return Array.isArray(value) ? value : [];
}

export function pageOf<T>(all: readonly T[], query: URLSearchParams, sizeName: string): readonly T[] {
  const size = Math.min(Number(query.get(sizeName) ?? 30), 100);
  const page = Number(query.get("page") ?? 1);
  return all.slice((page - 1) * size, page * size);
}
