/** Numbers that a seed decides: the same seed, the same inputs. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 to limit - 1 (xorshift). */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** A seed of its own for each round, so that one round can be tried alone. */
export function randomOf(seed: number, round: number): Random {
  const random = new Random(Math.imul(seed ^ 0x9e3779b9, 2_654_435_761) ^ Math.imul(round + 1, 0x85ebca6b));
  for (let warm = 0; warm < 4; warm += 1) random.below(2);
  return random;
}

/** FUZZ_SEED repeats a run; otherwise every run tries other inputs. */
export function seedOf(env: NodeJS.ProcessEnv = process.env): number {
  return env['FUZZ_SEED'] === undefined ? Date.now() % 1_000_000_000 : Number(env['FUZZ_SEED']);
}

/** What parsers stumble over, whatever their language. */
export const PIECES: readonly string[] = [
  '', '\0', '\n', '\r', '\r\n', '\t', ' ', '"', "'", '"""', "'''", '\\', '\\u0000', '\\ud800', '\\u{110000}', '\u2028', '\ufeff', '\u202e', '\u001b[2J', '\u0007', '\ud83d\ude00', '\ud800',
  '[', ']', '[[', ']]', '{', '}', '(', ')', '=', ':', ',', '.', '#', '-', '+', '/', '//', '/*', '${', '$(', '`', "''", '%', '&', '*', '!', '|', '>', '<', '~', '@', '^',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'null', 'true', 'false', 'nan', 'inf', '-inf', 'undefined',
  '0', '-0', '1e999', '-1e999', '9007199254740993', '99999999999999999999999', '0x7fffffffffffffff', '1e-400', '00', '1_000', '1__0', '2026-02-30T25:61:61Z', '0o8', '0b2',
  '../../etc/passwd', '/', '..', '%2e%2e', 'a'.repeat(300), '[', '[a]', '{"a":', '[[a]]\n', 'a.b.c = 1\n', '"__proto__" = 1\n', '__proto__ = { x = 1 }\n', '{"__proto__":{"x":1}}',
];

const DEEP = 20_000;
/** Nestings that end nowhere good. */
const NESTS: readonly ((depth: number) => string)[] = [
  (depth) => '['.repeat(depth), (depth) => '['.repeat(depth) + ']'.repeat(depth), (depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
  (depth) => '{a='.repeat(depth), (depth) => 'a.'.repeat(depth), (depth) => '('.repeat(depth), (depth) => '"'.repeat(depth), (depth) => '#\n'.repeat(depth),
];

/** One of the seeds, damaged in one to six ways. */
export function mutated(random: Random, seeds: readonly string[]): string {
  let text = random.pick(seeds);
  for (let edits = 1 + random.below(6); edits > 0; edits -= 1) text = damage(random, text, seeds);
  return text;
}

function damage(random: Random, text: string, seeds: readonly string[]): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(40));
  switch (random.below(13)) {
    case 0: return text.slice(0, at) + text.slice(end);
    case 1: return text.slice(0, at);
    case 2: return text.slice(0, end) + text.slice(at, end) + text.slice(end);
    case 3: return text.slice(0, at) + String.fromCharCode(random.below(random.below(4) === 0 ? 65_536 : 256)) + text.slice(at + 1);
    case 4: {
      const other = random.pick(seeds);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 5: {
      const lines = text.split('\n');
      const [a, b] = [random.below(lines.length), random.below(lines.length)];
      [lines[a], lines[b]] = [lines[b]!, lines[a]!];
      return lines.join('\n');
    }
    case 6: {
      // A word or number becomes another thing.
      const words = [...text.matchAll(/[\w.-]+/g)];
      if (words.length === 0) return text;
      const word = random.pick(words);
      return text.slice(0, word.index) + random.pick(PIECES) + text.slice(word.index + word[0].length);
    }
    case 7:
      // Rare: such a text takes long to make and read.
      if (random.below(15) > 0) return text;
      return text.slice(0, at) + random.pick(NESTS)(1 + random.below(DEEP)) + text.slice(at);
    case 8: return random.below(60) > 0 ? text : text.slice(0, at) + random.pick(PIECES).repeat(1 + random.below(5000)) + text.slice(at);
    default: return text.slice(0, at) + random.pick(PIECES) + text.slice(random.below(2) === 0 ? at : end);
  }
}

/** The text's bytes, now and then with one that is no UTF-8. */
export function bytesOf(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > 0 && random.below(10) === 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
