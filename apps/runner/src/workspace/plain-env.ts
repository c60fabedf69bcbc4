/** Where git reaches the hosts, and in whose name it commits: all of git's variables that are ours. */
const OURS = /^GIT_(?:CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)|(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL))$/;
const NOWHERE = "/nonexistent";

/**
 * An environment in which git reads no settings but those that are given to it: none of the account's, of the
 * machine's or of variables of its own.
 */
export function plainGitEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...withoutGit(env),
    HOME: NOWHERE,
    // Git looks for `ignore` and `attributes` there, also when it is told to read no settings.
    XDG_CONFIG_HOME: NOWHERE,
    ...NO_SETTINGS,
    GIT_NO_REPLACE_OBJECTS: "1",
  };
}

export const NO_SETTINGS: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_ATTR_NOSYSTEM: "1",
};

/** Without what could lead git somewhere else. */
export function withoutGit(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith("GIT_") || OURS.test(name)),
  );
}
