// The state of the view in the hash of TensorBoard's page: `#convlens&p.convlens.layer=conv1`.
//
// TensorBoard keeps keys of the form `p.<plugin>.…` over tab switches and reloads.

const PREFIX = "p.convlens.";

/** Keys and values of this plugin in a hash; malformed tokens are left out. */
export function parseHash(hash: string): Record<string, string> {
  const state: Record<string, string> = {};
  for (const token of tokens(hash)) {
    const [key, value] = splitToken(token);
    if (key !== null && value !== null && key.startsWith(PREFIX))
      state[key.slice(PREFIX.length)] = value;
  }
  return state;
}

/** The hash with this plugin's keys replaced; everything else stays as it is. */
export function writeHash(hash: string, state: Readonly<Record<string, string>>): string {
  const kept = tokens(hash).filter((token) => !(splitToken(token)[0] ?? "").startsWith(PREFIX));
  const own = Object.entries(state).map(
    ([key, value]) => `${encodeURIComponent(PREFIX + key)}=${encodeURIComponent(value)}`,
  );
  return `#${[...kept, ...own].join("&")}`;
}

function tokens(hash: string): string[] {
  return hash.replace(/^#/, "").split("&").filter(Boolean);
}

function splitToken(token: string): [string | null, string | null] {
  const [key, value, ...rest] = token.split("=");
  if (key === undefined || rest.length > 0) return [null, null];
  try {
    return [decodeURIComponent(key), value === undefined ? null : decodeURIComponent(value)];
  } catch {
    return [null, null];
  }
}
