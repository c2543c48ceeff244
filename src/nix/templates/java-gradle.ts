import { appIdentity, storeVersion, withVersion } from '../app-identity.ts';
import { appRoot } from '../app-root.ts';
import { readSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { nixConcat } from '../live-text.ts';
import { indented, NixCode, nixPath, nixString, shellQuote } from '../quote.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { checkTreePath, treeFile } from '../tree.ts';
import { unpackSource } from '../unpack.ts';
import { linkInto, renderApp, sharePlace } from '../wrapper.ts';
import type { Template } from './model.ts';

const JRE = new NixCode('hop3_jre');
const APP = new NixCode('hop3_app');

/** A jar that Gradle builds from source without the network, every dependency under its hash of a deps.json, run by `java -jar`. */
export const javaGradle: Template = {
  tier: 2,
  render({ config, appName, tree }) {
    const fields = new Fields('java-gradle', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const source = readSource(fields, app, tree);
    const glob = checkTreePath('gradle-jar-glob', withVersion('gradle-jar-glob', fields.required('gradle-jar-glob', '"build/libs/*-all.jar"'), app));
    const jar = checkTreePath('gradle-jar-name', withVersion('gradle-jar-name', fields.text('gradle-jar-name', '"app.jar"') ?? `${app.pname}.jar`, app));
    const root = appRoot(fields, app);
    const unpack = unpackSource(source, root.strip);
    const deps = checkTreePath('gradle-deps-json', fields.text('gradle-deps-json', '"deps.json"') ?? 'deps.json');
    const patches = fields.list('gradle-patches', '["no-timestamp.patch"]');

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', APP], ['app', APP], ['jre', JRE], ['jdk', JRE], [app.id, APP], [appName, APP]],
      placeholders: () => ({ JAVABIN: [JRE, '/bin'], JARPATH: [APP, `/${shellQuote(jar)}`], APPDIR: sharePlace(app) }),
      command: `JAVABIN/java $JAVA_OPTS -jar JARPATH${execArgs(fields)}`,
      install: () => [linkInto([APP], 'app')],
      view: {
        jre: packagePath('runtime-package', fields.text('runtime-package', '"jdk21"') ?? 'jre'),
        appPname: `${app.pname}-jar`, source: indented(source.code),
        deps: nixPath(`${tree === 'beside' ? './source' : '.'}/${deps}`),
        patches: patches.map((path) => treeFile(tree, checkTreePath('gradle-patches', path), 'change.patch')),
        flags: fields.list('gradle-flags', '["-x", "test"]'),
        unpackInputs: unpack.nativeBuildInputs,
        unpack: [...unpack.lines, ...root.check, `sourceRoot=${root.directory}`].map((line) => nixConcat([line])),
        takeJar: takeJar(glob, jar).map((line) => nixConcat([line])),
      },
      hashes: source.hashes,
      unused: ['executable', 'exec-target', 'writable-home-at-runtime', 'writable-home-env-var',
        ...(source.from === 'tree' ? ['sha256', 'archive', 'strip-components'] : [])],
    });
  },
};

/** Builder's lines that install the one jar that was built; Gradle puts others beside it (-plain, -sources). */
function takeJar(glob: string, jar: string): string[] {
  const pattern = glob.split(/([*?]+)/).map((part, index) => (index % 2 === 1 || part === '' ? part : shellQuote(part))).join('');
  return [
    `hop3_jars=(${pattern})`,
    'if [ ! -f "${hop3_jars[0]-}" ] || [ "${#hop3_jars[@]}" != 1 ]; then',
    `  echo "error: gradle-jar-glob should name one jar, and these are there:" >&2`,
    "  find . -path './.gradle' -prune -o -name '*.jar' -path '*/build/*' -printf '  %P\\n' >&2",
    '  exit 1',
    'fi',
    `install -D -m 644 "\${hop3_jars[0]}" "$out"/${shellQuote(jar)}`,
  ];
}
