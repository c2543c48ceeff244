// limit: 400
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEMPLATES, type TemplateName } from '../../src/config/model.ts';
import { hereDocumentBody } from '../../src/nix/shell-text.ts';
import { EvaluationPlace, HOST_SET, treePackages, whyNotOnHost } from '../nix-evaluation.ts';
import { HOSTILE, longHostile, NUL, randomHostile } from '../nix-hostile.ts';
import { hostileApp, type HostileApp, type Planted } from '../nix-hostile-app.ts';
import { MARK, markedTexts, type Marked } from '../nix-hostile-probe.ts';
import { placesOf, type Place } from '../nix-key-places.ts';
import { shellWords } from '../shell-words.ts';
import { BASE_FILES, BASES, type Base } from '../nix-template-bases.ts';
import { nixAnswers } from './nix-world.ts';

const TEXTS = [...HOSTILE, NUL, ...randomHostile(20)];

/** Values that are Nix, or names of packages: nix-hostile-code.spec.ts is about those. */
const isCode = ({ key, word }: Place) => ['nixpkgs-overrides', 'let-extra'].includes(key) || word === 'package name';

/** Part of a store path's name, where what Nix does not allow is replaced; or not used beside another key. */
const NOT_LITERAL = new Set(['version', 'metadata.version', 'metadata.id', 'metadata.title']);

/**
 * Files of the pushed tree that are taken from where they lie: that the expression evaluates shows that exactly this name was
 * looked for, since there is no other file.
 */
const LOOKED_FOR = new Set(['pip-requirements', 'gradle-deps-json', 'gradle-patches', 'node-manifest', 'node-lockfile']);

const hostile = suite('nix: hostile texts at every key');

for (const template of TEMPLATES) {
  for (const base of BASES[template]) {
    hostile(`${template}${base.name === '' ? '' : `, ${base.name}`}: each text is refused by name, or is found unchanged`, async () => {
      await plantAndFind(template, base, plantAll(template, base));
    });
  }
}

for (const template of TEMPLATES) {
  hostile(`${template}: 100 kB at each key`, async () => {
    const own = placesOf(template).filter((place) => !isCode(place) && place.word !== 'path' && (template === TEMPLATES[0] || !everyTemplateHas(place)));
    const apps = own.map((place) => hostileApp(template, BASES[template][0]!.nix, [{ place, text: `${MARK}0_0x7Q${longHostile()}` }]));
    await plantAndFind(template, BASES[template][0]!, apps.filter(({ planted }) => planted.length > 0));
  });
}

function everyTemplateHas({ title }: Place): boolean {
  return TEMPLATES.every((name) => placesOf(name).some((place) => place.title === title));
}

/**
 * One app for every text and every pass over the keys; a key with several places has one of them in each pass. Text that the
 * shell or Nix expands is tried apart: an open quote in it is its author's, and would swallow the others.
 */
function plantAll(template: TemplateName, base: Base): HostileApp[] {
  const places = placesOf(template).filter((place) => !isCode(place));
  const passes = [...passesOver(places.filter(isLiteral)), ...passesOver(places.filter((place) => !isLiteral(place)))];
  return passes.flatMap((pass, round) => TEXTS.map((text, index) => hostileApp(template, base.nix, pass.map((place, number) => {
    const mark = `${MARK}${number}_${round * TEXTS.length + index}x7Q`;
    // The text ends or begins the value, in turns: both are where quoting goes wrong.
    return { place, text: (index + number + round) % 2 === 0 ? `${mark}${text}` : `${text}${mark}` };
  }))));
}

function isLiteral({ expander }: Place): boolean {
  return expander === undefined || expander === 'Hop3';
}

function passesOver(places: readonly Place[]): Place[][] {
  const passes: Place[][] = [];
  const seen = new Map<string, number>();
  for (const place of places) {
    const id = `${place.table}.${place.key}`;
    const pass = seen.get(id) ?? 0;
    seen.set(id, pass + 1);
    (passes[pass] ??= []).push(place);
  }
  return passes;
}

async function plantAndFind(template: TemplateName, base: Base, apps: readonly HostileApp[]): Promise<void> {
  if (apps.length === 0) return;
  const place = new EvaluationPlace(BASE_FILES);
  try {
    const packages = await packagesFor(template, base, place);
    if (packages === null) return;
    for (const { planted } of apps) place.add(Object.fromEntries(planted.filter((one) => one.place.word === 'path').map((one) => [pathIn(one), '{ }\n'])));
    const found = markedTexts(place, packages, apps.map(({ rendered }) => rendered.expression));
    const lost = apps.flatMap((app, index) => app.planted.filter((one) => !isKeptElsewhere(base, app, one.place) && !stands(base, one, found[index]!)).map((one) => told(one, found[index]!)));
    assert.is(lost.slice(0, 5).join('\n'), '', `${lost.length} texts are not found as they were written`);
  } finally {
    place.end();
  }
}

/** The package set as Nix: the host's where it has what the template needs, else a whole one; null where that is missing. */
async function packagesFor(template: TemplateName, base: Base, place: EvaluationPlace): Promise<string | null> {
  const why = await whyNotOnHost(place, hostileApp(template, base.nix, []).rendered.expression);
  if (why === null) return `import ${HOST_SET} { }`;
  assert.match(why, /^error: (?:attribute '[A-Za-z0-9_-]+' missing|the host package set has no )/);
  const tree = process.env['NIXPKGS_TREE'] ?? '';
  if (tree !== '') return treePackages(tree);
  console.log(`skipped: ${template} is not evaluated with hostile texts: ${why}, and NIXPKGS_TREE names no nixpkgs tree`);
  return null;
}

/** Places whose text is no part of what is built, or stands there in another form. */
function isKeptElsewhere(base: Base, { rendered, config }: HostileApp, { key, title }: Place): boolean {
  if (NOT_LITERAL.has(title) || LOOKED_FOR.has(title) || base.changed?.includes(title)) return true;
  return [...rendered.notices, ...config.notices].some((notice) => notice.startsWith(`ignored: [nix] ${key} `));
}

function stands(base: Base, one: Planted, found: readonly Marked[]): boolean {
  const { place, text } = one;
  const near = found.filter((value) => value.text.includes(markOf(one)));
  if (!isLiteral(place) || base.shell?.includes(place.title)) return near.some((value) => inScript(one).some((form) => value.text.includes(form)));
  // In a script it has to come out of the shell's quotes as it went in; a directory's slashes at the end are nobody's.
  const wanted = [text, text.replace(/\/+$/, '')];
  const kept = near.filter(isScript).map((script) => shellWords(script.text).some((word) => wanted.some((form) => word.includes(form))));
  if (kept.length === 0) return near.some((value) => wanted.some((form) => value.text.includes(form)));
  return base.both?.includes(place.title) ? kept.includes(true) : !kept.includes(false);
}

/** What a builder's shell or the start script's reads. */
function isScript({ name, text }: Marked): boolean {
  return name === 'hop3Script' || name === 'hop3_script' || /Phase$|^(?:pre|post)[A-Z]/.test(name) || /^#!.*sh\n/.test(text);
}

/** The ways in which text of the shell or of Nix may stand in a script: as it is, as one line, or as lines of a file. */
function inScript({ place, text }: Planted): string[] {
  const whole = place.expander === 'Nix' ? text.replaceAll("''${", '${') : text;
  // Line ends at the end of a script's part are its own, and so they are of a file's content.
  const ended = whole.replace(/\n+$/, '');
  return [whole, ended, hereDocumentBody(ended), ...(place.key === 'jvm-default-opts' ? [whole.replace(/\s*\n\s*/g, ' ').trim()] : [])];
}

function markOf({ text }: Planted): string {
  return new RegExp(`${MARK}\\d+_\\d+x7Q`).exec(text)![0];
}

/** The text, and what the values have around its mark. */
function told(one: Planted, found: readonly Marked[]): string {
  const mark = markOf(one);
  const near = found.filter(({ text }) => text.includes(mark)).map(({ name, text }) => `${name}: ${text.slice(Math.max(0, text.indexOf(mark) - 40), text.indexOf(mark) + 80)}`);
  return `${one.place.title}: ${JSON.stringify(one.text.slice(0, 200))} became ${JSON.stringify(near)}`;
}

/** The text of a value that is a path, or a list of one. */
function pathIn({ place, text }: Planted): string {
  const value = place.put(text);
  return String(Array.isArray(value) ? value[0] : value);
}

if (nixAnswers()) hostile.run();
