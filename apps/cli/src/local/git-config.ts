/** The address of a remote, read from the text of a git configuration; null when it does not say. */
export function remoteUrl(config: string, remote: string): string | null {
  let inside = false;
  let url: string | null = null;
  for (const line of config.replace(/\\\r?\n/g, "").split(/\r?\n/)) {
    const section = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (section !== null) inside = section[1]?.toLowerCase() === "remote" && unescape(section[2]) === remote;
    const value = inside ? /^(?:\s*\[[^\]]*\])?\s*url\s*=\s*(.*)$/i.exec(line)?.[1] : undefined;
    if (value !== undefined) url ??= valueOf(value);
  }
  return url === "" ? null : url;
}

function valueOf(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text.trim());
  return quoted === null ? text.replace(/\s[#;].*$/, "").trim() : (unescape(quoted[1]) ?? "");
}

const unescape = (text: string | undefined): string | undefined => text?.replace(/\\(.)/g, "$1");
