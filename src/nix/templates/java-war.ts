import { appIdentity, storeVersion, withVersion, type AppIdentity } from '../app-identity.ts';
import { appRoot } from '../app-root.ts';
import { readSource, type AppSource } from '../app-source.ts';
import { derivationName } from '../derivation-name.ts';
import { Fields } from '../fields.ts';
import { nixConcat, OUT, type Piece } from '../live-text.ts';
import { neededFile } from '../needed-file.ts';
import { indented, NixCode, nixString, shellQuote } from '../quote.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { checkTreePath, type TreePlace } from '../tree.ts';
import { unpackSource } from '../unpack.ts';
import { linkInto, renderApp, sharePlace } from '../wrapper.ts';
import type { Template } from './model.ts';

const JDK = new NixCode('hop3_jdk');
const WAR = new NixCode('hop3_war');
const UNUSED = ['executable', 'exec-target', 'writable-home-at-runtime', 'writable-home-env-var'];
const FROM_ARCHIVE = ['source-root', 'strip-components'];

/** A WAR file with a server in it, as its project publishes it or as the tree holds it, run by `java -jar`. */
export const javaWar: Template = {
  tier: 3,
  render({ config, appName, tree }) {
    const fields = new Fields('java-war', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const source = readSource(fields, app, tree);
    const file = warFile(fields, app, source);
    // Programs may look at the file's own name.
    const place = `app/${derivationName(file.split('/').at(-1)!)}`;
    // Before JAVA_OPTS: of two options for one thing java takes the last.
    const defaults = fields.has('jvm-default-opts') ? fields.scalar('jvm-default-opts', '"-Xmx512m"').replace(/\s*\n\s*/g, ' ').trim() : '';

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', WAR], ['jdk', JDK], ['jre', JDK], [app.id, WAR], [appName, WAR], [`${app.id}-war`, WAR]],
      placeholders: () => ({ JAVABIN: [JDK, '/bin'], WARPATH: [OUT, `/${place}`], APPDIR: sharePlace(app) }),
      command: `JAVABIN/java${defaults && ` ${defaults}`} $JAVA_OPTS -jar WARPATH${execArgs(fields)}`,
      install: () => [linkInto([WAR], place)],
      view: { jdk: packagePath('runtime-package', fields.text('runtime-package', '"jdk21"') ?? 'jdk'), ...war(fields, app, source, file, tree) },
      hashes: source.hashes,
      unused: source.archive === null ? [...UNUSED, ...FROM_ARCHIVE, ...(source.from === 'tree' ? ['sha256', 'archive'] : [])] : UNUSED,
    });
  },
};

/** The WAR's path in the tree or the archive; of a WAR that is fetched alone, the name to give it. */
function warFile(fields: Fields, app: AppIdentity, source: AppSource): string {
  const example = '"shop.war"';
  const given = source.from === 'url' && source.archive === null ? fields.text('war-file', example) : fields.required('war-file', example);
  return given === null ? `${app.pname}.war` : checkTreePath('war-file', withVersion('war-file', given, app));
}

/** The template's holes: a file of the store, or the archive to take it from. */
function war(fields: Fields, app: AppIdentity, source: AppSource, file: string, tree: TreePlace): object {
  if (source.from === 'tree') {
    const help = 'Commit the WAR that war-file names, or say where it is published: url = "https://..."';
    return { archive: [], war: neededFile(tree, { key: 'war-file', path: file, help }, derivationName(file.split('/').at(-1)!)) };
  }
  if (source.archive === null) return { archive: [], war: source.code };
  const root = appRoot(fields, app);
  const unpack = unpackSource(source, root.strip);
  const path = `${root.directory}/${shellQuote(file)}`;
  const take: readonly Piece[] = [`if [ -f ${path} ]; then mv ${path} "$out"; else find source -name '*.war' -printf 'the archive has %P\\n' >&2; exit 1; fi`];
  return {
    archive: [{ source: indented(source.code), name: `${app.pname}-${storeVersion(app)}.war`, unpack: [...[...unpack.lines, ...root.check].map((line) => nixConcat([line])), nixConcat(take)], unpackInputs: unpack.nativeBuildInputs }],
    war: new NixCode('hop3_unpacked'),
  };
}
