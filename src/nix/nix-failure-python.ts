import type { Cause } from './failure/model.ts';

const COMPILE = 'pip-compile --generate-hashes, or uv export --no-emit-project';

/** What pip says when the wheels of a python-venv app cannot be had, or its virtual environment cannot be made of them. */
export const PYTHON_CAUSES: readonly Cause[] = [
  {
    // The lines before nix's own are the last that pip said, and why it took none of the files that there are.
    pattern: /No matching distribution found for (\S+)[\s\S]*?^(\S+\.whl): (?:none of the wheel's tags|requires a different Python)[\s\S]*error: builder for '\S+-wheels-py([\d.]+)-/m,
    code: 'HOP3_BUILD_WHEEL',
    what: (m) => `${m[1]} has no wheel for Python ${m[3]} on this system. The index has ${m[2]}, for example.`,
    next: (m) => `Make the lock file anew with Python ${m[3]} (${COMPILE}), or name the Python it was made for: runtime-package = "python312", for example.`,
  },
  {
    pattern: /(?:NewConnectionError|ConnectTimeoutError|NameResolutionError|Temporary failure in name resolution)[\s\S]*error: builder for '\S+-wheels-py/,
    code: 'HOP3_BUILD_FETCH',
    what: () => "The package index could not be reached, so the app's wheels could not be fetched.",
    next: () => "The lock file may name an index (--index-url), and the operator another one or a proxy: PIP_INDEX_URL or https_proxy in the Nix daemon's environment.",
  },
  {
    pattern: /No matching distribution found for (\S+)[\s\S]*error: builder for '\S+-wheels-py([\d.]+)-/,
    code: 'HOP3_BUILD_WHEEL',
    what: (m) => `The package index has no ${m[1]} that Python ${m[2]} can use.`,
    next: () => 'Look at the name and the version in the lock file. A package of an index of your own needs --index-url or --extra-index-url there.',
  },
  {
    pattern: /No matching distribution found for (\S+)[\s\S]*error: builder for '\S+-venv\.drv'/,
    code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => `A package without a wheel is built from its source, and that needs ${m[1]}, which is not in the lock file.`,
    next: () => 'Add setuptools and wheel (or what the message names) to requirements.in, and make the lock file anew with pip-compile --generate-hashes --allow-unsafe.',
  },
  {
    pattern: /Hashes are required in --require-hashes mode|all requirements must have their versions pinned with ==/,
    code: 'HOP3_BUILD_LOCK_FILE',
    what: () => 'The file of pip-requirements is no lock file: not every package in it has its version and its hash.',
    next: () => `Make one, which has the packages that these need too: ${COMPILE}.`,
  },
  {
    pattern: /cannot be installed when requiring hashes|Can't verify hashes for these/,
    code: 'HOP3_BUILD_LOCK_FILE',
    what: () => 'The lock file has an entry that can have no hash: the project itself (-e .), a directory or a repository.',
    next: () => "Leave the project out (uv export --no-emit-project): the app's own files are found without being installed. Name packages by version.",
  },
  {
    pattern: /Could not open requirements file: .*'\/nix\/store\/([^']+)'/,
    code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => `The lock file names another file (${m[1]}), and only the one of pip-requirements is there when the wheels are fetched.`,
    next: () => `Make one file of both: ${COMPILE}.`,
  },
  {
    pattern: /THESE PACKAGES DO NOT MATCH THE HASHES[\s\S]*?\n\s+(\S+) from/,
    code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => `The package index has another file for ${m[1]} than the lock file says.`,
    next: () => `If it was published anew, make the lock file anew (${COMPILE}). If not, somebody changed it: look before you take it.`,
  },
  {
    pattern: /no package in the virtual environment has the command (.*?)\. It has: (.*?)\s*$/m,
    code: 'HOP3_BUILD_FAILED',
    what: (m) => `exec-target: no package of the lock file brings the command ${m[1]}. There are: ${m[2]}.`,
    next: (m) => `Add the package that has it (${m[1]}?) to the lock file, or name another command.`,
  },
];
