/** Node's words for processors, as Nix says them. */
const PROCESSORS: Readonly<Record<string, string>> = {
  x64: 'x86_64', arm64: 'aarch64', ia32: 'i686', arm: 'armv7l', ppc64: 'powerpc64le', riscv64: 'riscv64', s390x: 's390x', loong64: 'loongarch64',
};

/** The system that Nix builds for on this machine, for example "x86_64-linux". */
export function nixSystem(processor: string = process.arch, platform: string = process.platform): string {
  return `${PROCESSORS[processor] ?? processor}-${platform}`;
}
