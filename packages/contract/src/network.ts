import { z } from "zod";

const NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";

/** `example.com`, `*.example.com`, either with a port; `dev` stands for the package registries and code hosts. */
export const hostPatternSchema = z
  .string()
  .max(260)
  .toLowerCase()
  .regex(
    new RegExp(`^(?:dev|(?:\\*\\.)?(?:${NAME}\\.)+${NAME}(?::[1-9]\\d{0,4})?)$`),
    "must be a host such as example.com, *.example.com or example.com:8443, or the list `dev`",
  );

export const networkSchema = z
  .union([
    z.enum(["none", "internet"]),
    z.strictObject({ allow: z.array(hostPatternSchema).min(1).max(200) }),
  ])
  .describe(
    "What the agent may reach beside its model and its repositories: nothing, some hosts, or the public internet. " +
      "Private, link-local and metadata addresses and this machine itself are closed in every case.",
  );
export type Network = z.infer<typeof networkSchema>;

/** As people write it: `none`, `internet`, `allow:dev,example.com`. */
export function networkText(network: Network): string {
  return typeof network === "string" ? network : `allow:${network.allow.join(",")}`;
}

export function parseNetwork(text: string): Network | null {
  const hosts = /^allow:(.*)$/s.exec(text)?.[1];
  const value = hosts === undefined ? text : { allow: hosts.split(",").map((host) => host.trim()) };
  const parsed = networkSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
