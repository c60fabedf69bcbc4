import { UPLINK_PATHS } from "@agency/contract";

export interface GitRoutes {
  /** http://127.0.0.1:<port> */
  forwarderUrl: string;
  /** `scheme://host[:port]` of every repository of the task. */
  gitHosts: readonly string[];
}

type Setting = readonly [key: string, value: string];

const STALLED_SECONDS = "120";

/**
 * Makes plain git (and git-lfs, which reads the same settings) reach the task's hosts through the forwarder while
 * every remote keeps its real address. Relative submodules work because the real path stays in the address.
 */
export function gitConfigFor({ forwarderUrl, gitHosts }: GitRoutes): Setting[] {
  const hosts = [...new Set(gitHosts)].map((origin) => new URL(origin));
  return [
    ...hosts.flatMap((host) => {
      const through = `url.${forwarderUrl}${UPLINK_PATHS.git}/${host.protocol.slice(0, -1)}/${host.host}/.insteadOf`;
      return spellings(host, hosts).map((spelling): Setting => [through, spelling]);
    }),
    // The forwarder is not behind the proxy that the environment names for everything else.
    [`http.${forwarderUrl}/.proxy`, ""],
    ["http.lowSpeedLimit", "1"],
    ["http.lowSpeedTime", STALLED_SECONDS],
    ["credential.helper", ""],
    ["protocol.ext.allow", "never"],
  ];
}

/** The settings as the environment carries them, so that submodules and git-lfs see them too. */
export function gitConfigEnv(settings: readonly Setting[]): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** Every way people and tools write the host: nothing but the forwarder leads there, whatever the protocol. */
function spellings({ protocol, host, hostname, port }: URL, hosts: readonly URL[]): string[] {
  const own = `${protocol}//${host}/`;
  const rival = hosts.find((other) => other.hostname === hostname && other.protocol !== protocol);
  // Two origins on one machine: only https takes the spellings that name neither.
  if (rival !== undefined && protocol === "http:") return [own];
  const secure = protocol === "https:" && rival === undefined ? [`http://${host}/`] : [];
  const shell = [`ssh://git@${hostname}/`, `ssh://${hostname}/`, `git@${hostname}:`, `git://${hostname}/`];
  const withUser = [own.replace("//", "//git@"), own.replace("//", "//x-access-token@")];
  return [own, ...secure, ...withUser, ...(port === "" || rival === undefined ? shell : [])];
}
