import { SANDBOX_ENV, SANDBOX_INIT } from './sandbox.ts';

const TOOL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Lines that Hop3 itself writes into a worker's log begin with this. */
export const OWN_LINE = 'hop3:';

/** Bytes of one log file and the number of rotated ones that are kept beside it. */
const LOG_BYTES = 1_000_000;
const LOG_FILES = 5;

/** One word for /bin/sh, whatever it holds. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new TypeError('a shell word cannot hold a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Starts one command in the sandbox whose arguments lie in `sandboxFile`. The chain and its reasons:
 *
 * - tini passes SIGTERM to its child's process group, and sends it by itself when s6-supervise is killed (-p);
 * - the outer bwrap ignores SIGTERM, since its death would take the whole sandbox with it;
 * - setpriv takes away the capability that lets nginx have port 80: bwrap refuses to start with any;
 * - inside, `init` gets SIGTERM and tells everybody, so that requests in flight can end.
 *
 * The app's environment is loaded inside only: its LD_PRELOAD must never reach tini or bwrap.
 */
function sandboxChain(sandboxFile: string, command: string): string {
  return [
    `exec env -i PATH=${TOOL_PATH} tini -s -g -p SIGTERM --`,
    'env --ignore-signal=TERM setpriv --inh-caps=-all --ambient-caps=-all bwrap --args 3 --',
    `env --default-signal=TERM /bin/sh ${SANDBOX_INIT} ${shellWord(command)} 3<${shellWord(sandboxFile)}`,
  ].join(' \\\n  ');
}

/** What a command starts with. Descriptors that whoever started Hop3 left open would lead the app out of its sandbox. */
const CLEAN_START = [
  'umask 077',
  'ulimit -c 0',
  // 255 is the script itself, which bash closes on exec.
  'for fd in /proc/self/fd/*; do',
  '  fd=${fd##*/}',
  '  [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"',
  'done',
];

/** `run` of a worker's service directory. */
export function workerRun(worker: string, release: string, sandboxFile: string, command: string): string {
  return bashScript([
    'exec 2>&1 </dev/null',
    ...CLEAN_START,
    '[ -e first-start ] || : >first-start',
    ...waitAfterDeaths(worker),
    "printf '%(%s)T\\n' -1 >started",
    `echo ${shellWord(`${OWN_LINE} ${worker} of ${release} starts`)}`,
    sandboxChain(sandboxFile, command),
  ]);
}

/** Seconds of life after which a death counts as the first one again. */
const SOON = 60;
/** Deaths in a row before the pauses begin, and the longest pause in seconds. */
const FREE_DEATHS = 2;
const LONGEST_PAUSE = 60;

/**
 * A worker that dies again and again soon after its start is started more and more seldom: it must not take the machine's time from
 * the others. The file `waiting` says so meanwhile (moment of the next start, number of deaths).
 */
function waitAfterDeaths(worker: string): string[] {
  return [
    'deaths=0',
    '[ ! -e deaths ] || read -r deaths <deaths',
    `if [ "$deaths" -gt ${FREE_DEATHS} ]; then`,
    `  pause=$((deaths - ${FREE_DEATHS} > 5 ? ${LONGEST_PAUSE} : 1 << (deaths - ${FREE_DEATHS})))`,
    `  echo "${OWN_LINE} ${worker} ended $deaths times in a row soon after its start; the next start is in $pause s"`,
    // A stop must not wait for the pause.
    "  trap 'kill \"$!\" 2>/dev/null; rm -f waiting; exit 0' TERM",
    "  echo \"$(($(printf '%(%s)T' -1) + pause)) $deaths\" >waiting",
    '  sleep "$pause" &',
    '  wait "$!"',
    '  rm -f waiting',
    '  trap - TERM',
    'fi',
  ];
}

/** Runs a command once; its output stays on the two streams it came on. */
export function oneOffRun(sandboxFile: string, command: string): string {
  return bashScript(['exec </dev/null', ...CLEAN_START, sandboxChain(sandboxFile, command)]);
}

/** `finish`: s6-supervise gives the exit code (256 for a signal) and the signal's number. */
export function workerFinish(worker: string): string {
  return script([
    'exec 2>&1',
    'if [ "$1" = 256 ]; then how="by signal $2"; else how="with exit code $1"; fi',
    `echo ${shellWord(`${OWN_LINE} ${worker} ended`)}" $how"`,
    // After the line above: whoever sees the file finds all of the worker's output before it in the log.
    '[ -e first-exit ] || echo "$1 $2" >first-exit',
    'echo "$1 $2" >last-exit',
    'deaths=0 started=0',
    '[ ! -e deaths ] || read -r deaths <deaths',
    '[ ! -e started ] || read -r started <started',
    `if [ "$(($(date +%s) - started))" -lt ${SOON} ]; then deaths=$((deaths + 1)); else deaths=1; fi`,
    'echo "$deaths" >deaths',
  ]);
}

/** `log/run`: times are UTC whatever the server's own zone. */
export function logRun(logDir: string): string {
  return script([`exec env -i PATH=${TOOL_PATH} TZ=UTC0 s6-log -b n${LOG_FILES} s${LOG_BYTES} T ${shellWord(logDir)}`]);
}

/**
 * The first program of a sandbox besides bwrap's own reaper, whose end ends the sandbox. On SIGTERM it sends SIGTERM once to every process
 * in the sandbox, and stays until they are all gone: a command that is a shell script dies at once, while the server that
 * it started is still finishing a request. The command gets a session of its own, or the signal that came for the group
 * would reach it a second time. s6 ends what takes too long (timeout-kill).
 */
export function sandboxInit(): string {
  return script([
    'stopping= again=1 status=127',
    'stop() {',
    '  again=1',
    '  [ -z "$stopping" ] || return 0',
    '  stopping=1',
    '  kill -s TERM -- -1 2>/dev/null',
    '}',
    'others() {',
    '  for process in /proc/[0-9]*; do',
    '    case ${process#/proc/} in 1 | $$) ;; *) return 0 ;; esac',
    '  done',
    '  return 1',
    '}',
    'trap stop TERM',
    // A shell starts background commands with SIGINT and SIGQUIT ignored; --default-signal takes that back.
    `setsid env --default-signal s6-envdir -fL ${SANDBOX_ENV} /bin/sh -c "exec $1" &`,
    'child=$!',
    '[ -z "$stopping" ] || kill -s TERM "$child" 2>/dev/null',
    'while [ -n "$again" ]; do',
    '  again=',
    // 127: the child was waited for already, and the status of that wait is the true one.
    // The shell would write "Terminated" into the app's log.
    '  wait "$child" 2>/dev/null; code=$?',
    '  [ "$code" = 127 ] || status=$code',
    'done',
    'if [ -n "$stopping" ]; then while others; do sleep 0.1; done; fi',
    'exit "$status"',
  ]);
}

/** bash, since dash cannot name a descriptor above 9; -p: no start-up file of anybody's environment. */
function bashScript(lines: readonly string[]): string {
  return `#!/bin/bash -p\n${lines.join('\n')}\n`;
}

function script(lines: readonly string[]): string {
  return `#!/bin/sh\n${lines.join('\n')}\n`;
}
