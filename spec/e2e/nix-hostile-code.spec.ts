// limit: 120
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEMPLATES } from '../../src/config/model.ts';
import { Hop3Error } from '../../src/errors.ts';
import { parseAppName } from '../../src/names.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith, WRAPPER } from '../nix-config.ts';
import { EvaluationPlace, HOST_SET } from '../nix-evaluation.ts';
import { HOSTILE, longHostile, NUL, randomHostile } from '../nix-hostile.ts';
import { hostileApp } from '../nix-hostile-app.ts';
import { nixValue } from '../nix-hostile-probe.ts';
import { placesOf, type Place } from '../nix-key-places.ts';
import { BASES } from '../nix-template-bases.ts';
import { nixAnswers } from './nix-world.ts';

const TEXTS = [...HOSTILE, NUL, longHostile(), ...randomHostile(40)];

const code = suite('nix: hostile texts where Nix or a name is expected');

/** Whether Nix can parse a text; nothing is evaluated. */
function parses(place: EvaluationPlace, text: string): boolean {
  return spawnSync('nix-instantiate', ['--parse', place.write(text, 'parsed.nix')], { encoding: 'utf8', maxBuffer: 1 << 26 }).status === 0;
}

function withPlace(story: (place: EvaluationPlace) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const place = new EvaluationPlace();
    try {
      await story(place);
    } finally {
      place.end();
    }
  };
}

for (const key of ['let-extra', 'nixpkgs-overrides']) {
  code(`${key}: a text is one Nix expression, or it is refused by Hop3 or by Nix; it never becomes two`, withPlace((place) => {
    const target = placesOf('nixpkgs-wrapper').find(({ title }) => title === `${key}.*`)!;
    let kept = 0;
    for (const text of [...TEXTS, '(x: x) 1', "builtins.foldl' (a: b: a + b) 0 [ ]", '{ a = 1; b = "}"; }', 'let a = 1; in a', "''a ' ; b''", '1 /* ; */']) {
      const { rendered, refused } = hostileApp('nixpkgs-wrapper', WRAPPER, [{ place: target, text }]);
      if (refused.length > 0) continue;
      kept += 1;
      assert.is(parses(place, rendered.expression), parses(place, `pkgs: (\n${text}\n)`), JSON.stringify(text));
    }
    assert.ok(kept > 10, `only ${kept} texts were left to try`);
  }));
}

code('let-extra cannot close its own place and bind another name', async () => {
  for (const text of ['1); pkgs = (2', '1 ]', '"open', "''open", '/* open', '{ a = 1;', '']) {
    const error = await caught(() => renderTemplate(configWith('nixpkgs-wrapper', { ...WRAPPER, 'let-extra': { jdk: text } }), 'demo'));
    assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
    assert.match(error.what, '[nix.let-extra] jdk');
  }
});

code('the name of a package is letters, digits and dots, whatever the key', withPlace((place) => {
  for (const template of TEMPLATES) {
    for (const target of placesOf(template).filter(({ word }) => word === 'package name')) {
      for (const text of TEXTS) {
        const { refused, rendered } = hostileApp(template, BASES[template][0]!.nix, [{ place: target, text }]);
        if (refused.length > 0 || isName(text)) continue;
        // nix-runtime-libs takes ${...} too, which is Nix in a string.
        assert.is(target.key, 'nix-runtime-libs', `${template} ${target.title} takes ${JSON.stringify(text)}`);
        assert.ok(parses(place, rendered.expression), JSON.stringify(text));
      }
    }
  }
}));

function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_'-]*(?:\.[A-Za-z_][A-Za-z0-9_'-]*)*$/.test(text);
}

code('where Nix expands, a name that nothing has is told with its key', () => {
  const isLive = ({ title, expander, word }: Place) => (expander === 'Nix' && !title.endsWith('(name)')) || title === 'runtime-env.*' ? word !== 'path' : false;
  let tried = 0;
  for (const template of TEMPLATES) {
    for (const target of placesOf(template).filter(isLive)) {
      if (['nixpkgs-overrides', 'let-extra'].includes(target.key)) continue;
      const { refused } = hostileApp(template, BASES[template][0]!.nix, [{ place: target, text: 'a ${nobody.bin}/b' }]);
      assert.is(refused.length, 1, `${template} ${target.title}`);
      assert.match(refused[0]!.message, target.key);
      assert.match(refused[0]!.message, 'nothing is called "nobody" there');
      tried += 1;
    }
  }
  assert.ok(tried >= TEMPLATES.length * 3);
});

code('config files are written byte for byte by sh and by bash, if nothing in them is to be expanded', withPlace((place) => {
  // What the shell takes in a here-document: ${NAME}, $(...), and a backslash in front of these, a backtick and itself.
  const plain = TEXTS.filter((text) => !/\$\{[A-Za-z_#]|\$\(|\\[\\`$]|\0/.test(text));
  assert.ok(plain.length > 60);
  const files = plain.map((text, index) => ({ path: `f${index}`, format: 'raw', 'raw-content': `${text}|` }));
  const { expression } = renderTemplate(configWith('nixpkgs-wrapper', { ...WRAPPER, 'nixpkgs-package': 'python3', 'config-files': files }), 'demo');
  const script = nixValue(place, `(import ${place.write(expression)} { pkgs = import ${HOST_SET} { }; }).package.hop3Script`) as string;
  for (const shell of ['sh', 'bash']) {
    const dir = mkdtempSync(join(tmpdir(), 'hop3-written-'));
    try {
      writeFileSync(join(dir, 'start'), script.replace(/\nexec [^\n]*\n$/, '\n: > reached\n'));
      const ran = spawnSync(shell, [join(dir, 'start')], { cwd: dir, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
      assert.is(ran.status, 0, ran.stderr);
      assert.is(ran.stderr, '');
      assert.ok(existsSync(join(dir, 'reached')));
      for (const [index, text] of plain.entries()) assert.is(readFileSync(join(dir, `f${index}`), 'utf8'), `${text}|\n`);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
}));

code('an app may be called like a word of Nix or like a part of the expression', withPlace((place) => {
  const names = ['a', 'or', 'in', 'if', 'let', 'rec', 'with', 'null', 'true', 'pkgs', 'builtins', 'import', 'out', 'package', 'env', 'self', 'python3', 'x-y', `n${'a'.repeat(38)}`];
  const apps = names.map((name) => place.write(renderTemplate(configWith('nixpkgs-wrapper', { ...WRAPPER, 'nixpkgs-package': 'python3', 'extra-paths': ['${pkg}/bin'] }, { id: name }), parseAppName(name)).expression, `${name}.nix`));
  const versions = nixValue(place, `map (file: (import file { pkgs = import ${HOST_SET} { }; }).package.pname) [ ${apps.join(' ')} ]`);
  assert.equal(versions, names);
}));

code('a hostile app name is refused before anything is rendered', () => {
  for (const text of TEXTS) {
    if (text === 'plain') continue;
    let error: unknown = null;
    try {
      parseAppName(text);
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error instanceof Hop3Error && error.code === 'HOP3_APP_NAME', JSON.stringify(text));
  }
});

if (nixAnswers()) code.run();
