// Reads what a spec's process printed.

/** Printed by run-unit.mjs before and after each file; no spec prints it. */
export const FILE_BEGINS = '\u001e begins ';
export const FILE_ENDS = '\u001e ends ';

const plain = (text) => text.replace(/\u001b\[[0-9;]*m/g, '');

/**
 * Counts tests. A process that printed no summary, ran no test, or failed although every test passed counts as one failure:
 * uvu says "Total: 0" and exits 0 for a file that forgot `.run()`. A file that says "skipped: why" may leave it at that.
 * @returns {{passed: number, failed: number, skipped: number, why: string | null}}
 */
export function readSummary(output, processFailed) {
  const text = plain(output);
  const sum = (word) => [...text.matchAll(new RegExp(`^  ${word}:\\s+(\\d+)$`, 'gm'))].reduce((all, match) => all + Number(match[1]), 0);
  const [total, passed, skipped] = [sum('Total'), sum('Passed'), sum('Skipped')];
  const failed = total - passed;
  const skips = skipReasons(output);
  if (!/^  Total:\s+\d+$/m.test(text) && skips.length > 0 && !processFailed) return { passed: 0, failed: 0, skipped: 0, why: null };
  if (!/^  Total:\s+\d+$/m.test(text)) return { passed: 0, failed: 1, skipped: 0, why: 'printed no summary: it ended early, or was never run' };
  if (total === 0 && skipped === 0 && skips.length === 0) return { passed: 0, failed: 1, skipped: 0, why: 'ran no test: is `.run()` missing?' };
  if (failed === 0 && processFailed) return { passed, failed: 1, skipped, why: 'all its tests passed, but its process failed' };
  return { passed, failed, skipped, why: null };
}

/** Lines that begin with "skipped:" say what was not tried on this machine and why. */
export function skipReasons(output) {
  return plain(output).split('\n').map((line) => line.trim()).filter((line) => line.startsWith('skipped:'));
}

/** The parts of run-unit.mjs's output, by file. */
export function splitByFile(output) {
  const parts = new Map();
  let current = null;
  for (const line of output.split('\n')) {
    const begins = line.indexOf(FILE_BEGINS);
    const ends = line.indexOf(FILE_ENDS);
    if (begins >= 0) {
      current = { output: '', failed: true, seconds: null };
      parts.set(line.slice(begins + FILE_BEGINS.length), current);
    } else if (ends >= 0 && current) {
      const [state, milliseconds] = line.slice(ends + FILE_ENDS.length).split(' ');
      current.output += line.slice(0, ends);
      current.failed = state !== 'ok';
      current.seconds = Number(milliseconds) / 1000;
    } else if (current) {
      current.output += `${line}\n`;
    }
  }
  return parts;
}
