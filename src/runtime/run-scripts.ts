import { shellWord } from '../shell-word.ts';
import type { Limits } from '../limits.ts';
import { causeLines, confineLines, CONFINE_WORDS, FIRST_CAUSE_FILE, LAST_CAUSE_FILE, type Confined } from './limit-scripts.ts';
import { SANDBOX_ENV, SANDBOX_INIT } from './sandbox.ts';

export { shellWord } from '../shell-word.ts';

const TOOL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Lines that Hop3 itself writes into a worker's log begin with this. */
export const OWN_LINE = 'hop3:';

/** Bytes of one log file and the number of rotated ones that are kept beside it. */
const LOG_BYTES = 1_000_000;
const LOG_FILES = 5;

/**
 * Starts one command in the sandbox whose arguments lie in `sandboxFile`. The chain and its reasons:
 *
 * - tini passes SIGTERM to its child's process group, and sends it by itself when s6-supervise is killed (-p);
 * - the outer bwrap ignores SIGTERM, since its death would take the whole sandbox with it;
 * - setpriv takes away the capability that lets nginx have port 80: bwrap refuses to start with any;
 * - inside, `init` gets SIGTERM and tells everybody, so that requests in flight can end.
 *
 * Each program on the way costs a millisecond of every start. The app's environment is loaded inside only: its LD_PRELOAD must never reach tini or bwrap.
 */
function sandboxChain(sandboxFile: string, command: string): string {
  const chain = [
    'exec tini -s -g -p SIGTERM --',
    `env -i --ignore-signal=TERM PATH=${TOOL_PATH} setpriv --inh-caps=-all --ambient-caps=-all bwrap --args 3 --`,
    `env --default-signal=TERM /bin/sh ${SANDBOX_INIT} ${shellWord(command)} ${CONFINE_WORDS} 3<${shellWord(sandboxFile)}`,
  ];
  return `PATH=${TOOL_PATH}\n${chain.join(' \\\n  ')}`;
}

/** What a command starts with. Descriptors that whoever started Hop3 left open would lead the app out of its sandbox. */
function cleanStart(lastKept = 2): string[] {
  return [
    'umask 077',
    'ulimit -c 0',
    // 255 is the script itself, which bash closes on exec.
    'for fd in /proc/self/fd/*; do',
    '  fd=${fd##*/}',
    `  [ "$fd" -le ${lastKept} ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"`,
    'done',
  ];
}

/** `run` of a worker's service directory. */
export function workerRun(worker: string, release: string, sandboxFile: string, command: string, confined: Confined): string {
  return bashScript([
    'exec 2>&1 </dev/null',
    ...cleanStart(),
    '[ -e first-start ] || : >first-start',
    ...waitAfterDeaths(worker),
    ...confineLines(confined, shellWord, OWN_LINE),
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

/** Runs a command once, on the three streams that the script is given; `together`: both outputs on one, in the order they were written. */
export function oneOffRun(sandboxFile: string, command: string, confined: Confined, together = false): string {
  return bashScript([...(together ? ['exec 2>&1'] : []), ...cleanStart(), ...confineLines(confined, shellWord, OWN_LINE), sandboxChain(sandboxFile, command)]);
}

/** Rows and columns of a terminal. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The same on a terminal. `script` of util-linux makes it inside the sandbox, in the sandbox's own /dev/pts: no descriptor of any
 * terminal outside is ever in there, so there is none that keystrokes could be pushed into (TIOCSTI), and bubblewrap's
 * `--new-session`, which would keep SIGTERM away, is not needed. `script` is the distribution's own program, so the app's
 * environment, its LD_PRELOAD above all, is loaded below it. New sizes come as lines on descriptor 3 of this script.
 */
export function terminalRun(sandboxFile: string, command: string, size: TerminalSize, confined: Confined): string {
  const inTerminal = `${setSize(String(size.rows), String(size.columns))}; exec s6-envdir -fL ${SANDBOX_ENV} /bin/sh -c ${shellWord(`exec ${command}`)}`;
  return bashScript([
    // 3 is where bubblewrap reads its arguments.
    `exec ${SIZES}<&3 3<&-`,
    ...cleanStart(SIZES),
    ...confineLines(confined, shellWord, OWN_LINE),
    sandboxChain(sandboxFile, `script -q -e -f -c ${shellWord(inTerminal)} /dev/null`),
  ]);
}

/** The descriptor that new sizes of the terminal come on inside the sandbox. */
const SIZES = 4;

/** The sandbox's first terminal is the one that `script` made. */
function setSize(rows: string, columns: string): string {
  return `stty -F /dev/pts/0 rows ${rows} cols ${columns} 2>/dev/null`;
}

/** `finish`: s6-supervise gives the exit code (256 for a signal) and the signal's number. */
export function workerFinish(worker: string, limits: Limits): string {
  return script([
    'exec 2>&1',
    'if [ "$1" = 256 ]; then how="by signal $2"; else how="with exit code $1"; fi',
    ...causeLines(limits, 'log/to/current'),
    `echo ${shellWord(`${OWN_LINE} ${worker} ended`)}" $how\${cause:+: $cause}"`,
    `if [ -n "$cause" ]; then echo "$cause" >${LAST_CAUSE_FILE}; else rm -f ${LAST_CAUSE_FILE}; fi`,
    `[ -e first-exit ] || [ -z "$cause" ] || echo "$cause" >${FIRST_CAUSE_FILE}`,
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
  return script([`exec env -i PATH=${TOOL_PATH} TZ=UTC0 s6-log ${logArguments(logDir).map(shellWord).join(' ')}`]);
}

/** What s6-log is told: wait for a full disk rather than lose lines, rotate by size, stamp each line. */
export function logArguments(logDir: string): string[] {
  return ['-b', `n${LOG_FILES}`, `s${LOG_BYTES}`, 'T', logDir];
}

/**
 * The first program of a sandbox besides bwrap's own reaper, whose end ends the sandbox. On SIGTERM it sends SIGTERM once to every process
 * in the sandbox, and stays until they are all gone: a command that is a shell script dies at once, while the server that
 * it started is still finishing a request. The command gets a session of its own, or the signal that came for the group
 * would reach it a second time. s6 ends what takes too long (timeout-kill).
 */
export function sandboxInit(): string {
  return initScript([], ['TERM'], `s6-envdir -fL ${SANDBOX_ENV} /bin/sh -c "exec $command"`);
}

/** The first program for terminalRun, whose command loads the environment itself. */
export function terminalInit(): string {
  const resize = [`while read -r rows columns <&${SIZES}; do ${setSize('"$rows"', '"$columns"')}; done &`, `exec ${SIZES}<&-`];
  // A shell at a terminal ignores SIGTERM; what it is told when its terminal goes away is SIGHUP.
  return initScript(resize, ['TERM', 'HUP'], '/bin/sh -c "exec $command"');
}

function initScript(before: readonly string[], ends: readonly string[], start: string): string {
  return script([
    // What follows the command are the words that set its limits (prlimit and its options), or nothing.
    'command=$1',
    'shift',
    ...before,
    // A shell gives its background commands /dev/null for standard input, unless another descriptor is named.
    'exec 5<&0',
    'stopping= again=1 status=127',
    'stop() {',
    '  again=1',
    '  [ -z "$stopping" ] || return 0',
    '  stopping=1',
    ...ends.map((signal) => `  kill -s ${signal} -- -1 2>/dev/null`),
    '}',
    'others() {',
    '  for process in /proc/[0-9]*; do',
    '    case ${process#/proc/} in 1 | $$) ;; *) return 0 ;; esac',
    '  done',
    '  return 1',
    '}',
    'trap stop TERM',
    // A shell starts background commands with SIGINT and SIGQUIT ignored; --default-signal takes that back.
    `setsid "$@" env --default-signal ${start} <&5 5<&- &`,
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
