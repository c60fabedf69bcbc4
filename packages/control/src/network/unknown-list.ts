import { AgencyError } from "@agency/contract";

/** `path`: where in the request it is named. */
export function unknownList(name: string, path: string): AgencyError {
  return new AgencyError("invalid_request", `There is no network list "${name}".`, {
    next: `Make it with \`agency network set ${name} HOST…\` or under Settings, Network; or write a host, such as ${name}.com.`,
    errors: [{ path, message: `there is no list "${name}"` }],
  });
}
