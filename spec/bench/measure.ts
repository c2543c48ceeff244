// Measures, as an ordinary user: started by bench.ts, to which it gives the report as JSON on standard output.
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { Bench } from './bench.ts';
import { CASES } from './cases/index.ts';
import { describeMachine } from './machine.ts';
import type { Report } from './report.ts';
import type { Row } from './row.ts';
import { resultTable } from './table.ts';

await asOrdinaryUser(import.meta.url);

const { runs, quick, names, commit } = JSON.parse(process.argv[2]!) as { runs: number; quick: boolean; names: string[]; commit: string };
const began = new Date();
const machine = await describeMachine(commit);
const bench = new Bench(runs, quick);
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    stopped = true;
    void bench.end().finally(() => process.exit(130));
  });
}

const rows: Row[] = [];
const failed: { name: string; why: string }[] = [];
for (const { name, run } of CASES.filter((one) => names.length === 0 || names.includes(one.name))) {
  process.stderr.write(`-----> ${name}\n`);
  try {
    const found = await run(bench);
    rows.push(...found);
    process.stderr.write(`${resultTable(found).split('\n').slice(2).join('\n')}\n`);
  } catch (error) {
    if (stopped) break;
    failed.push({ name, why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.stderr.write(` !     ${name}: ${failed.at(-1)!.why}\n`);
  }
}
if (!stopped) {
  await bench.end();
  const report: Report = { began: began.toISOString(), minutes: Math.round((Date.now() - began.getTime()) / 6000) / 10, quick, machine, rows, failed };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
