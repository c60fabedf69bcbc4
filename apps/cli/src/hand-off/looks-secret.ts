/** Names that are known for holding credentials. Examples of them (`.env.example`) hold none. */
const NAMES = [
  /^\.env(?:\..+)?$/i,
  /^\.(?:npmrc|netrc|pypirc|pgpass|git-credentials|htpasswd|dockercfg)$/i,
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/i,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk)$/i,
  /^(?:credentials|secrets?)(?:\.(?:json|ya?ml|toml|ini|env))?$/i,
  /^service-?account.*\.json$/i,
  /^terraform\.tfstate(?:\.backup)?$|\.tfvars$/i,
];
const EXAMPLE = /(?:^|[._-])(?:example|sample|template|dist|pub)$/i;

export function looksSecret(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !EXAMPLE.test(name) && NAMES.some((pattern) => pattern.test(name));
}
