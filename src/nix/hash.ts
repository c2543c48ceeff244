/** Nix's own digits: no e, o, t or u. */
const BASE32 = '0123456789abcdfghijklmnpqrsvwxyz';

/**
 * A sha256 in any form that hop3.toml allows (SRI, bare base64, Nix base32, hex, the last two also behind `sha256:`) as SRI,
 * the one form that every fetcher of nixpkgs takes.
 * @throws TypeError for another form, which the schema has refused already
 */
export function sriHash(text: string): string {
  const bare = text.replace(/^sha256[:-]/, '');
  if (/^[A-Za-z0-9+/]{43}=$/.test(bare)) return `sha256-${bare}`;
  if (/^[0-9a-fA-F]{64}$/.test(bare)) return `sha256-${Buffer.from(bare, 'hex').toString('base64')}`;
  if (/^[0-9a-df-np-sv-z]{52}$/.test(bare)) return `sha256-${fromBase32(bare).toString('base64')}`;
  throw new TypeError(`not a sha256: ${text}`);
}

/** Nix writes the bytes as one number of 5-bit digits, the last digit first. */
function fromBase32(text: string): Buffer {
  const bytes = Buffer.alloc(33);
  for (let n = 0; n < text.length; n++) {
    const digit = BASE32.indexOf(text[text.length - n - 1]!);
    const at = (n * 5) >> 3;
    const shift = (n * 5) & 7;
    bytes[at]! |= (digit << shift) & 0xff;
    bytes[at + 1]! |= digit >> (8 - shift);
  }
  return bytes.subarray(0, 32);
}
