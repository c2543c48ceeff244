// npm run bench: runs the cases in a checkout that an ordinary user can read, writes the raw figures, prints the table.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases/index.ts';
import { reportBlock, withBlock, type Report } from './report.ts';
import { readableCheckout } from '../run-checkout.mjs';

const USAGE = `Usage: npm run bench -- [case ...] [--runs N] [--quick] [--out FILE] [--markdown FILE]

  --runs N         counted runs of a case, after one that is not counted (20; with --quick 5)
  --quick          a look at whether all works: a tenth of the apps and deploys
  --out FILE       where the raw figures go (bench-results.json)
  --markdown FILE  writes the tables into this file too, in the place of the last ones

Cases: ${CASES.map((one) => one.name).join(', ')}
`;

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const asked = readArguments();
process.exit(await main(asked).catch((error: Error) => {
  process.stderr.write(` !     bench: ${error.message}\n`);
  return 1;
}));

interface Asked {
  readonly names: readonly string[];
  readonly runs: number;
  readonly quick: boolean;
  readonly out: string;
  readonly markdown: string | null;
}

function readArguments(): Asked {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { runs: { type: 'string' }, quick: { type: 'boolean', default: false }, out: { type: 'string', default: 'bench-results.json' }, markdown: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const unknown = positionals.find((name) => !CASES.some((one) => one.name === name));
    if (unknown !== undefined) throw new Error(`there is no case "${unknown}"`);
    const runs = Number(values.runs ?? (values.quick ? 5 : 20));
    if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a number from 1, not "${values.runs}"`);
    return { names: positionals, runs, quick: values.quick, out: resolve(values.out), markdown: values.markdown === undefined ? null : resolve(values.markdown) };
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function main({ names, runs, quick, out, markdown }: Asked): Promise<number> {
  const checkout = readableCheckout(ROOT);
  let text: string;
  try {
    text = await measure(checkout.dir, JSON.stringify({ names, runs, quick, commit: commit() }));
  } finally {
    checkout.remove();
  }
  const report = JSON.parse(text) as Report;
  writeFileSync(out, `${JSON.stringify(report, null, 1)}\n`);
  const block = reportBlock(report);
  if (markdown !== null) writeFileSync(markdown, withBlock(existsSync(markdown) ? readFileSync(markdown, 'utf8') : '', block));
  process.stdout.write(`\n${block.split('\n').slice(1, -1).join('\n')}\n\nThe raw figures are in ${out}\n`);
  for (const { name, why } of report.failed) process.stdout.write(` !     ${name} could not be measured: ${why.split('\n')[0]}\n`);
  return report.failed.length > 0 ? 1 : 0;
}

/** Gives what the measuring process printed on its standard output; signals reach it, so that it can clean up. */
function measure(dir: string, argument: string): Promise<string> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'spec/bench/measure.ts', argument], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => { printed += part; });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? done(printed) : reject(new Error(code === 130 ? 'stopped; what was measured is not kept' : `the measuring process ended with ${code}`))));
  });
}

function commit(): string {
  try {
    return execFileSync('git', ['-C', ROOT, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'a tree without git';
  }
}
