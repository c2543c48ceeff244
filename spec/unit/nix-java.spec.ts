import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

type Keys = Record<string, unknown>;
const rendered = (template: string, keys: Keys) => renderTemplate(configWith(template, keys, { id: 'my-shop', version: '2.0' }), 'demo');
const command = (expression: string) => /"exec [^\n]*/.exec(expression)![0];

const WAR: Keys = { url: 'https://example.org/${version}/shop.war', sha256: `sha256-${'A'.repeat(43)}=`, 'war-file': 'shop.war' };
const JAR: Keys = { 'gradle-jar-glob': 'build/libs/*-all.jar', 'gradle-jar-name': 'shop.jar' };

const war = suite('nix: java-war');
const renderWar = (keys: Keys = {}) => rendered('java-war', { ...WAR, ...keys }).expression;

war('a fetched WAR is one file, run under its own name', () => {
  const { expression, hashes, tier, systems } = rendered('java-war', WAR);
  assert.match(expression, 'url = "https://example.org/2.0/shop.war";');
  assert.match(expression, 'name = "my-shop-2.0.war";');
  assert.match(expression, '"mkdir -p \\"$out/app\\" && ln -s \\"${hop3_war}\\" \\"$out/app/shop.war\\""');
  assert.is(command(expression), '"exec ${hop3_jdk}/bin/java $JAVA_OPTS -jar ${placeholder "out"}/app/shop.war"');
  assert.equal(hashes, [{ derivation: 'my-shop-2.0.war', key: 'sha256', given: true }]);
  assert.is(tier, 3);
  assert.is(systems, null, 'Java runs anywhere');
});

war('jvm-default-opts come before JAVA_OPTS, of which java takes the last; exec-args come after the WAR', () => {
  const text = renderWar({ 'jvm-default-opts': '-Xmx512m\n  -Dgreeting="${GREETING:-Hello}"', 'exec-args': ['--httpPort="${PORT:-8080}"', '"$@"'] });
  assert.is(command(text), '"exec ${hop3_jdk}/bin/java -Xmx512m -Dgreeting=\\"\\${GREETING:-Hello}\\" $JAVA_OPTS -jar ${placeholder "out"}/app/shop.war --httpPort=\\"\\${PORT:-8080}\\" \\"$@\\""');
  assert.is(command(renderWar({ 'jvm-default-opts': '' })), command(renderWar()));
});

war('jdk is bound, and is what runtime-package says', () => {
  assert.match(renderWar(), 'hop3_jdk = pkgs.jdk;');
  const text = renderWar({ 'runtime-package': 'jdk17_headless', 'extra-paths': ['${jdk}/bin', '${jre}/bin', '${my_shop}'], 'pre-exec': ['JAVABIN/java -version', 'ls WARPATH'] });
  assert.match(text, 'hop3_jdk = pkgs.jdk17_headless;');
  assert.match(text, '  jdk = hop3_jdk;');
  assert.match(text, '"${hop3_jdk}/bin/java -version"');
  assert.match(text, '"ls ${placeholder "out"}/app/shop.war"');
});

war('a WAR of the tree, which nix looks for, or one of an archive', async () => {
  const tree = rendered('java-war', { 'war-file': 'target/my shop.war' });
  assert.match(tree.expression, 'hop3_war = if builtins.pathExists (./. + "/source/target/my shop.war") then builtins.path { name = "my-shop.war"; path =');
  assert.equal(tree.hashes, []);
  const packed = renderWar({ url: 'https://example.org/shop-${version}.zip', 'source-root': 'shop-${version}', 'war-file': 'lib/shop.war' });
  assert.match(packed, 'hop3_war = hop3_unpacked;');
  assert.match(packed, 'nativeBuildInputs = [\n      pkgs.unzip\n    ];');
  assert.match(packed, 'mv source/shop-2.0/lib/shop.war \\"$out\\"');
  for (const keys of [{}, { url: 'https://example.org/shop.tar.gz' }]) {
    assert.match((await caught(() => rendered('java-war', keys))).what, 'The template java-war needs [nix] war-file');
  }
  assert.match((await caught(() => rendered('java-war', { 'war-file': '../shop.war' }))).what, 'not the path of a file of this tree');
});

war('of a fetched WAR the name may be left out; keys without a use are said', () => {
  const { expression, notices } = rendered('java-war', { url: WAR['url'], 'exec-target': 'java', 'strip-components': 1 });
  assert.match(expression, '$out/app/my-shop.war');
  assert.match(expression, 'hash = pkgs.lib.fakeHash;');
  assert.equal(notices.map((line) => line.split(' (')[0]), ['ignored: [nix] exec-target', 'ignored: [nix] strip-components']);
});

const gradle = suite('nix: java-gradle');
const renderGradle = (keys: Keys = {}) => rendered('java-gradle', { ...JAR, ...keys }).expression;

gradle('the dependencies are those of deps.json, asked for the package itself and not for one of its name', () => {
  assert.match(renderGradle(), 'mitmCache = pkgs.gradle.fetchDeps {\n      pkg = finalAttrs.finalPackage;\n      data = (./. + "/source/deps.json");\n    };');
  assert.match(renderGradle({ 'gradle-deps-json': 'nix/deps.json' }), 'data = (./. + "/source/nix/deps.json");');
  assert.is(rendered('java-gradle', JAR).tier, 2);
});

gradle('one jar is installed: the pattern stays a pattern, all else in it is literal', () => {
  const text = renderGradle({ 'gradle-jar-glob': 'app/$(id) x/build/libs/shop-${version}*.jar' });
  assert.match(text, `"hop3_jars=('app/$(id) x/build/libs/shop-2.0'*.jar)"`);
  assert.match(text, 'install -D -m 644 \\"\\${hop3_jars[0]}\\" \\"$out\\"/shop.jar');
  assert.is(command(text), '"exec ${hop3_jre}/bin/java $JAVA_OPTS -jar ${hop3_app}/shop.jar"');
  assert.match(rendered('java-gradle', { 'gradle-jar-glob': 'build/libs/*.jar' }).expression, '-jar ${hop3_app}/my-shop.jar');
});

gradle('patches, flags, the directory of the source, and the Java that runs it', () => {
  const text = renderGradle({
    url: 'https://example.org/shop.zip', sha256: WAR['sha256'], 'source-root': 'server', 'gradle-patches': ['a b.patch'], 'gradle-flags': ['-x', 'test', '-Pa="${b}"'],
    'runtime-package': 'jdk21_headless', 'extra-paths': ['${jre}/bin'],
  });
  assert.match(text, 'patches = [\n      (builtins.path { name = "change.patch"; path = (./. + "/source/a b.patch"); })\n    ];');
  assert.match(text, 'gradleFlags = [\n      "-x"\n      "test"\n      "-Pa=\\"\\${b}\\""\n    ];');
  assert.match(text, '"sourceRoot=source/server"');
  assert.match(text, 'the source has no directory server. It has:');
  assert.match(text, 'pkgs.gradle.jdk\n      pkgs.unzip');
  assert.match(text, 'hop3_jre = pkgs.jdk21_headless;');
  assert.match(renderGradle(), 'hop3_jre = pkgs.jre;');
});

gradle('what is missing is named with an example', async () => {
  const error = await caught(() => rendered('java-gradle', {}));
  assert.match(error.what, 'The template java-gradle needs [nix] gradle-jar-glob');
  assert.match(error.next ?? '', 'gradle-jar-glob = "build/libs/*-all.jar"');
});

war.run();
gradle.run();
