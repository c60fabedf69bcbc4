import { responseHeaders } from "../forwarder/forward-headers.ts";

export interface ProxiedRequest {
  /** `host:port` as the tunnel wants it. */
  readonly target: string;
  /** For the Host header: without the port of plain HTTP. */
  readonly host: string;
  /** Path and query as the agent wrote them. */
  readonly path: string;
}

/** A request to a proxy names its server (RFC 9112, 3.2.2). Null for anything but http:// without a user. */
export function proxiedRequest(url: string | undefined): ProxiedRequest | null {
  const [, authority, rest = ""] = /^http:\/\/([^/?#@\\]+)([/?][^#]*)?$/i.exec(url ?? "") ?? [];
  if (authority === undefined) return null;
  const hasPort = /:\d+$/.test(authority);
  return {
    target: hasPort ? authority : `${authority}:80`,
    host: authority.replace(/:80$/, ""),
    path: rest.startsWith("/") ? rest : `/${rest}`,
  };
}

/** What goes out: the server named in the URL, and nothing that was meant for the proxy. */
export function proxiedHeaders(raw: readonly string[], host: string, isChunked: boolean): string[] {
  const kept = responseHeaders(raw);
  const headers = ["host", host];
  for (let at = 0; at + 1 < kept.length; at += 2) {
    const name = kept[at] ?? "";
    if (name.toLowerCase() !== "host") headers.push(name, kept[at + 1] ?? "");
  }
  // Said by hand: Node frames a body by itself for some methods only, and an unframed one is a second request.
  if (isChunked) headers.push("transfer-encoding", "chunked");
  return headers;
}
