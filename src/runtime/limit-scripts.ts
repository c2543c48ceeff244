import { formatMemory, type Limits } from '../limits.ts';

/** Files in a service directory (or that of a one-off), relative to it, that say how a start was confined and how it ended. */
export const CONFINED_FILE = 'confined';
export const LAST_CAUSE_FILE = 'last-cause';
export const FIRST_CAUSE_FILE = 'first-cause';

/** Processes of the sandbox itself: tini, two of bubblewrap, its first program, and what that starts when it ends. */
const OWN_PROCESSES = 8;
/** Microseconds of one period of the kernel's cpu limit; its own default. */
const CPU_PERIOD = 100_000;
/** When the machine itself runs out of memory, a program of an app goes before Hop3's own. */
const OOM_SCORE = 500;

/** What a confined start needs to know. */
export interface Confined {
  /** For its cgroup: unique on this machine below the directory for apps. */
  readonly name: string;
  readonly limits: Limits;
  /** The file that `hop3 up` wrote. */
  readonly modeFile: string;
}

/**
 * Lines of a bash script that put it, and with it all it starts, under its limits: into a cgroup of its own where `hop3 up` found
 * that possible. Otherwise `confine` becomes the words in front of the app's command that set its rlimits: inside the sandbox,
 * since RLIMIT_NPROC counts for the user namespace it is set in. RLIMIT_DATA is what comes nearest to memory in use: RLIMIT_AS
 * would count the gigabytes of addresses that V8, Go and Java reserve and never touch.
 */
export function confineLines({ name, limits, modeFile }: Confined, word: (text: string) => string, ownLine: string): string[] {
  const { memory, cpu, processes } = limits;
  const rlimits = [
    ...(processes === null ? [] : [`[ "$nproc" != nproc ] || confine+=(--nproc=${processes + OWN_PROCESSES})`]),
    ...(memory === null ? [] : [`confine+=(--data=${memory})`]),
  ];
  return [
    'cgroup=- nproc=- confine=()',
    `{ read -r cgroup && read -r nproc; } 2>/dev/null <${word(modeFile)}`,
    // A program costs 4 ms, and mostly there is nothing to remove.
    `[ ! -e ${CONFINED_FILE} ] || rm -f ${CONFINED_FILE}`,
    'if [ "$cgroup" != - ]; then',
    `  own=$cgroup/${name}`,
    // What it counted in an earlier life is told already.
    '  rmdir "$own" 2>/dev/null',
    '  if {',
    '    mkdir -p "$own" &&',
    `    echo ${memory ?? 'max'} >"$own/memory.max" &&`,
    `    echo ${processes === null ? 'max' : processes + OWN_PROCESSES} >"$own/pids.max" &&`,
    '    echo 1 >"$own/memory.oom.group" &&',
    '    echo $$ >"$own/cgroup.procs"',
    '  } 2>/dev/null; then',
    // Swap would let an app take the disk's time from the others; a kernel without swap accounting has no such file.
    `    { echo ${memory === null ? 'max' : 0} >"$own/memory.swap.max"; } 2>/dev/null`,
    `    { echo ${cpu === null ? 'max' : Math.round(cpu * CPU_PERIOD)} ${CPU_PERIOD} >"$own/cpu.max"; } 2>/dev/null`,
    `    echo "$own" >${CONFINED_FILE}`,
    '  else',
    `    echo "${ownLine} the cgroup $own cannot be used; limits are kept by rlimits" >&2`,
    '    cgroup=-',
    '  fi',
    'fi',
    ...(rlimits.length === 0 ? [] : ['if [ "$cgroup" = - ]; then', ...rlimits.map((line) => `  ${line}`), '  [ "${#confine[@]}" = 0 ] || confine=(prlimit "${confine[@]}")', 'fi']),
    `{ echo ${OOM_SCORE} >/proc/self/oom_score_adj; } 2>/dev/null`,
  ];
}

/** The words that confineLines made, for the command line of the sandbox's first program. */
export const CONFINE_WORDS = '"${confine[@]}"';

/** What an app says that was refused memory, or a process. */
const MEMORY_WORDS = 'out of memory|cannot allocate memory|memoryerror|bad_alloc|enomem|allocation failed';
const PROCESS_WORDS = 'cannot fork|fork: retry|resource temporarily unavailable|eagain|can.t start new thread|unable to create native thread';

/**
 * Lines of a sh script that set `cause` to the limit that ended a worker, or nothing. The kernel counts for a cgroup; with rlimits only
 * the app's own last words can tell, and the sentence says so.
 */
export function causeLines({ memory, processes }: Limits, logCurrent: string): string[] {
  const memoryLimit = memory === null ? null : `its memory limit of ${formatMemory(memory)}`;
  const processLimit = processes === null ? null : `its limit of ${processes} processes`;
  return [
    'cause=',
    `if read -r own 2>/dev/null <${CONFINED_FILE}; then`,
    ...(memoryLimit === null ? [] : [`  while read -r key count; do case $key:$count in *kill:0) ;; oom_kill:*) cause="it used more than ${memoryLimit}" ;; esac; done 2>/dev/null <"$own/memory.events"`]),
    ...(processLimit === null ? [] : [`  while read -r key count; do case $key:$count in max:0) ;; max:*) [ -n "$cause" ] || cause="it had reached ${processLimit} ($count more were refused)" ;; esac; done 2>/dev/null <"$own/pids.events"`]),
    '  { echo 1 >"$own/cgroup.kill"; } 2>/dev/null',
    '  for try in 1 2 3 4 5; do rmdir "$own" 2>/dev/null && break; sleep 0.1; done',
    ...(memoryLimit === null && processLimit === null ? [] : [
      // A worker that was told to stop has its last words for other reasons.
      'elif [ "$1" != 0 ]; then',
      `  words=$(tail -n 30 ${logCurrent} 2>/dev/null)`,
      ...(processLimit === null ? [] : [`  if echo "$words" | grep -qiE '${PROCESS_WORDS}'; then cause="by its last words it had reached ${processLimit}"; fi`]),
      ...(memoryLimit === null ? [] : [`  if echo "$words" | grep -qiE '${MEMORY_WORDS}'; then cause="by its last words it needed more than ${memoryLimit}"; fi`]),
    ]),
    'fi',
  ];
}
