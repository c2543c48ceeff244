/** The text as part of a store path's name: what Nix does not allow there becomes a hyphen. At most 100 characters. */
export function derivationName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9+._?=-]+/g, '-').replace(/^[.-]+/, '').slice(0, 100);
  return name === '' ? 'app' : name;
}
