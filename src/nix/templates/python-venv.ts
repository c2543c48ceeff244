import { createHash } from 'node:crypto';
import { Hop3Error } from '../../errors.ts';
import { appIdentity, storeVersion, type AppIdentity } from '../app-identity.ts';
import { appRoot } from '../app-root.ts';
import { hashCode, readSource, type AppSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { nixConcat, type Piece } from '../live-text.ts';
import { NixCode, nixString, shellQuote } from '../quote.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { checkTreePath, treeFile, type TreePlace } from '../tree.ts';
import { unpackSource } from '../unpack.ts';
import { linkInto, renderApp } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

const VENV = new NixCode('hop3_venv');
const APP = new NixCode('hop3_app');
const VENV_BIN: readonly Piece[] = [VENV, '/bin'];

/** Wheels under one hash, a virtual environment made of them, and the app's own files on PYTHONPATH. */
export const pythonVenv: Template = {
  tier: 2,
  render({ config, appName, tree, unsandboxed }) {
    const fields = new Fields('python-venv', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"gunicorn"');
    const python = packagePath('runtime-package', fields.text('runtime-package', '"python3"') ?? 'python3');
    const requirements = readRequirements(fields, tree);
    const hash = fields.text('pip-deps-hash', '"sha256-..."');
    const source = readSource(fields, app, tree);
    const prelude = writableHome(fields, app.pname, APP);
    const files: readonly Piece[] = prelude.length > 0 ? ['$HOME_DIR'] : [APP];
    const wheels = `${app.pname}-wheels`;
    const sandboxed = hash !== null || requirements.pinned || !unsandboxed;

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', VENV], ['venv', VENV], ['app', APP], ['python', new NixCode('hop3_python')], [app.id, VENV], [appName, VENV]],
      placeholders: () => ({ VENVBIN: VENV_BIN, PKGBIN: VENV_BIN, APPDIR: files }),
      prelude: prelude.length > 0 ? [...prelude, '\nexport PYTHONPATH="$HOME_DIR${PYTHONPATH:+:$PYTHONPATH}"'] : [],
      command: `VENVBIN/${shellQuote(target)}${execArgs(fields)}`,
      // The working directory is the data directory, so Python has to be told where the app's modules are. Without
      // PYTHONUNBUFFERED what an app prints stays in its memory for kilobytes.
      runtime: { env: { PYTHONPATH: [APP], PYTHONUNBUFFERED: ['1'] }, path: [VENV_BIN] },
      install: () => [checkTarget(target), linkInto([VENV], 'venv'), linkInto([APP], 'app')],
      installsFiles: false,
      view: {
        python, requirements: requirements.code, digest: requirements.digest, hash: hashCode(hash),
        sandboxed,
        hashMode: new NixCode(requirements.pinned ? '--require-hashes' : ''),
        wheelsName: wheels, venvName: `${app.pname}-venv`, appFilesName: `${app.pname}-app`,
        ...appFiles(fields, app, source, tree),
      },
      hashes: [...source.hashes, ...(sandboxed ? [{ derivation: wheels, key: 'pip-deps-hash', given: hash !== null }] : [])],
      notices: [...requirements.notices, ...(sandboxed ? [] : ['[nix] pip-deps-hash is missing: the packages are fetched outside the sandbox, and nothing says that they are the same ones next time.'])],
      unused: source.from === 'tree' ? ['sha256', 'archive', 'executable', 'strip-components'] : ['executable'],
    });
  },
};

interface Requirements {
  /** A file in the store. */
  readonly code: NixCode;
  /** Changes with the file's content. */
  readonly digest: NixCode;
  /** Whether every package in it has a hash of its own. */
  readonly pinned: boolean;
  readonly notices: readonly string[];
}

/** The two usual ways to a lock file with hashes. uv would name the project itself in it, which can have none. */
const MAKE_LOCK = 'pip-compile --generate-hashes -o requirements.txt requirements.in, or: uv export --no-emit-project -o requirements.txt';

function readRequirements(fields: Fields, tree: TreePlace): Requirements {
  const file = fields.text('pip-requirements', '"requirements.txt"');
  const packages = fields.list('pip-packages', '["gunicorn"]');
  if (file !== null) {
    const notices = packages.length === 0 ? [] : ['ignored: [nix] pip-packages (pip-requirements names the lock file, which has every package)'];
    return {
      code: treeFile(tree, checkTreePath('pip-requirements', file), 'requirements.txt'),
      digest: new NixCode('builtins.hashFile "sha256" hop3_requirements'), pinned: true, notices,
    };
  }
  if (packages.length > 0) {
    const text = packages.map((line) => `${line}\n`).join('');
    return {
      code: new NixCode(`builtins.toFile "requirements.txt" ${nixString(text).text}`),
      // Restricted evaluation may not read what toFile wrote.
      digest: nixString(createHash('sha256').update(text).digest('hex')), pinned: false,
      notices: [
        '[nix] pip-packages: what these names stand for is decided when the hash is made, and a later build can find other versions.',
        `A lock file keeps them: ${MAKE_LOCK}; then pip-requirements = "requirements.txt" in place of pip-packages.`,
      ],
    };
  }
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: 'The template python-venv needs [nix] pip-requirements, the lock file of the app, and it is not there.',
    why: 'The lock file has the version and the hash of every package, so that the same packages are installed each time.',
    next: `Make one (${MAKE_LOCK}), commit it, and add under [nix]: pip-requirements = "requirements.txt"`,
  });
}

/** The app's own files: the pushed tree, or the archive of `url`, with install-files put into it. */
function appFiles(fields: Fields, app: AppIdentity, source: AppSource, tree: TreePlace) {
  const root = appRoot(fields, app);
  const unpack = unpackSource(source, root.strip);
  const lines = [...unpack.lines, ...root.check, `mv ${root.directory} "$out"`].map((line) => nixConcat([line]));
  return { source: source.code, unpack: lines, unpackInputs: unpack.nativeBuildInputs, appFiles: installFiles(fields, '.', tree) };
}

/** A command that no package brings is told at the build, with those that there are. */
function checkTarget(target: string): NixCode {
  const word = shellQuote(target);
  return nixConcat([
    '[ -x "', VENV, '"/bin/', word, ' ] || { echo "error: no package in the virtual environment has the command "', word, '". It has:" "$(cd "', VENV,
    '"/bin && ls | grep -v "^[Aa]ctivate\\|^python" | tr "\\n" " ")" >&2; exit 1; }',
  ]);
}
