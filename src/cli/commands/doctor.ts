import { Hop3Error } from '../../errors.ts';
import { Paths } from '../../paths.ts';
import { runningEnvironment } from '../../runtime/supervisor.ts';
import { readSettings } from '../../settings.ts';
import type { Finding } from '../../doctor/doctor.ts';
import type { Handler } from '../command-context.ts';

/** Exit code when something has failed. */
const FAILED = 7;
const SHOWN = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** `hop3 doctor`: with the settings that the server was started with, where those of the environment say nothing. */
export const doctor: Handler = async (context) => {
  if (process.getuid?.() === 0) {
    throw new Hop3Error('HOP3_ROOT_USER', { what: 'hop3 doctor looks with the rights of the user that Hop3 runs as, and this is root.', next: 'runuser -u hop3 -- hop3 doctor' });
  }
  const { examine } = await import('../../doctor/doctor.ts');
  const settings = readSettings({ ...runningEnvironment(new Paths(readSettings(context.env).root)), ...context.env });
  const findings: Finding[] = [];
  for await (const finding of examine({ settings, paths: new Paths(settings.root) })) {
    findings.push(finding);
    if (context.out.json) continue;
    const [first, ...rest] = finding.text.split('\n');
    const lines = [`${SHOWN[finding.status]}  ${finding.name}: ${first}`, ...rest.map((line) => `        ${line}`), ...(finding.remedy === null ? [] : finding.remedy.split('\n').map((line, index) => `      ${index === 0 ? '-> ' : '   '}${line}`))];
    if (finding.status !== 'ok' || !context.out.quiet) process.stdout.write(`${lines.join('\n')}\n`);
  }
  const count = (status: string) => findings.filter((finding) => finding.status === status).length;
  const failed = count('fail');
  if (context.out.json) context.out.answer({ ok: failed === 0, findings }, () => '');
  else context.out.note(`${count('ok')} ok, ${count('warn')} warnings, ${failed} failed`);
  return failed === 0 ? 0 : FAILED;
};
