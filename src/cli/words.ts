/**
 * What people type, turned into what the commands are called: `config:set` and `env set` are one command, and a group
 * without a verb does the obvious thing. Works on the words alone; flags stay where they are.
 */

/** Flags that take the next word as their value; the word after one is no command. */
const TAKES_VALUE = new Set([
  '-a', '--app', '--server', '--confirm', '-n', '--lines', '--limit', '-w', '--worker', '-r', '--release', '-g', '--grep', '--since', '--name', '--expires', '--file', '--extension', '--passphrase-file', '--secret-key-file',
]);

const NOUNS: Readonly<Record<string, string>> = {
  apps: 'app', config: 'env', tokens: 'token', release: 'releases', build: 'builds', log: 'logs', system: 'server', addons: 'addon', domain: 'domains',
};

const DEFAULT_VERB: Readonly<Record<string, string>> = {
  app: 'list', env: 'show', releases: 'list', builds: 'list', token: 'list', server: 'info', nix: '--help', addon: 'list', ps: 'list', cron: 'list', domains: 'list', maintenance: 'status',
};

const ADDON_TYPES = new Set(['postgres', 'mysql', 'redis']);

/** One or two words, after NOUNS, that stand for others. */
const PHRASES: Readonly<Record<string, readonly string[]>> = {
  create: ['app', 'create'],
  destroy: ['app', 'destroy'],
  'app info': ['app', 'status'],
  'app show': ['app', 'status'],
  'app logs': ['logs'],
  'app build-logs': ['builds', 'log'],
  'app restart': ['restart'],
  'app ps': ['ps', 'list'],
  'app scale': ['ps', 'scale'],
  scale: ['ps', 'scale'],
  'app rollback': ['rollback'],
  'app releases': ['releases', 'list'],
  'build-logs': ['builds', 'log'],
  'builds info': ['builds', 'show'],
  'builds output': ['builds', 'log'],
  'releases info': ['releases', 'show'],
  'releases rollback': ['rollback'],
  'ps restart': ['restart'],
  'env add': ['env', 'set'],
  'env list': ['env', 'show'],
  'env remove': ['env', 'unset'],
  'server status': ['status'],
  'server logs': ['status', '--server-log'],
  'server log': ['status', '--server-log'],
  'token add': ['token', 'create'],
  'token remove': ['token', 'revoke'],
  'token destroy': ['token', 'revoke'],
  'nix plan': ['plan'],
  'nix show': ['nix', 'generate'],
  'domains destroy': ['domains', 'remove'],
  'addon info': ['addon', 'show'],
  'addon add': ['addon', 'create'],
  'addon remove': ['addon', 'destroy'],
  'auth login': ['login'],
  'auth logout': ['logout'],
};

/** The words of `argv` (without node and script) as the program knows them. */
export function normaliseWords(argv: readonly string[]): string[] {
  const words = [...argv];
  const [first, second] = commandPositions(words);
  if (first === undefined) return words;
  const colon = /^([a-z][a-z-]*):([a-z][a-z-]*)$/.exec(words[first]!);
  if (colon) {
    words.splice(first, 1, colon[1]!, colon[2]!);
    return rename(words, first, first + 1);
  }
  return rename(words, first, second);
}

function rename(words: string[], first: number, second: number | undefined): string[] {
  const typed = words[first]!;
  // `hop3 help config:set` is `hop3 env set --help`.
  if (typed === 'help' && second !== undefined) return normaliseWords([...words.toSpliced(first, 1), '--help']);
  // A plural as a whole command lists; `hop3 log` is one of the singulars that people try.
  const noun = Object.hasOwn(NOUNS, typed) ? NOUNS[typed]! : typed;
  words[first] = noun;
  // `addon postgres dump x` is `addon dump x`; `addon create postgres` stays.
  if (noun === 'addon' && second !== undefined && ADDON_TYPES.has(words[second]!)) {
    words.splice(second, 1);
    return normaliseWords(words);
  }
  const phrase = second === undefined ? undefined : PHRASES[`${noun} ${words[second]}`];
  if (second !== undefined && phrase) {
    words.splice(second, 1);
    words.splice(first, 1, ...phrase);
    return words;
  }
  const single = Object.hasOwn(PHRASES, noun) ? PHRASES[noun] : undefined;
  if (single) {
    words.splice(first, 1, ...single);
    return words;
  }
  const verb = Object.hasOwn(DEFAULT_VERB, noun) ? DEFAULT_VERB[noun] : undefined;
  if (second === undefined && verb !== undefined && !words.includes('--help') && !words.includes('-h')) words.splice(first + 1, 0, verb);
  return words;
}

/** Where the first two words stand that are neither flags nor values of flags. */
function commandPositions(words: readonly string[]): [number | undefined, number | undefined] {
  const found: number[] = [];
  for (let i = 0; i < words.length && found.length < 2; i++) {
    const word = words[i]!;
    if (word === '--') break;
    if (TAKES_VALUE.has(word)) i += 1;
    else if (!word.startsWith('-')) found.push(i);
  }
  return [found[0], found[1]];
}
