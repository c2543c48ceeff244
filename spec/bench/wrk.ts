import { exec } from '../e2e/world.ts';

export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds within which 99 of 100 requests were answered. */
  readonly p99: number;
}

/** Puts load on an address of this machine with wrk, one thread and keep-alive connections; any answer but 2xx is an error. */
export async function wrk(port: number, host: string, options: { connections: number; seconds: number; path?: string }): Promise<Load> {
  const { connections, seconds } = options;
  const ran = await exec('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`, `http://127.0.0.1:${port}${options.path ?? '/'}`], { limit: seconds + 30 });
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(ran.stdout)?.[1];
  const p99 = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(ran.stdout);
  if (ran.code !== 0 || rate === undefined || p99 === null) throw new Error(`wrk on ${host}:\n${ran.output}`);
  const bad = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(ran.stdout);
  if (bad) throw new Error(`${host} under load: ${bad[0]}`);
  return { requestsPerSecond: Number(rate), p99: Number(p99[1]) * { us: 0.001, ms: 1, s: 1000 }[p99[2] as 'us' | 'ms' | 's'] };
}
