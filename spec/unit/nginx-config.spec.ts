import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { parseAppName } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import type { Site } from '../../src/runtime/model.ts';
import { renderNginxConfig } from '../../src/runtime/nginx-config.ts';

const test = suite('the configuration of nginx');
const paths = new Paths('/srv/hop3');
const shop: Site = { app: parseAppName('shop'), hosts: ['shop.localhost', 'shop.example.org'], ports: { a: [20_000], b: [20_001] } };
const blog: Site = { app: parseAppName('blog'), hosts: ['blog.localhost'], ports: { a: [], b: [] } };
const render = (sites: readonly Site[], port = 8080) => renderNginxConfig(paths, { httpListen: { host: '127.0.0.1', port } }, sites, 'probe.hop3.invalid');

test('a site: two fixed upstreams, its names, and the link that is switched', () => {
  const text = render([shop]).files.get('sites/shop.conf')!;
  assert.match(text, /upstream "hop3_shop_a" \{\n(?:.*\n)? {4}server "127\.0\.0\.1:20000" max_fails=0;\n {4}keepalive 32;/);
  assert.match(text, /upstream "hop3_shop_b" \{\n(?:.*\n)? {4}server "127\.0\.0\.1:20001" max_fails=0;/);
  assert.match(text, '    server_name "shop.localhost" "shop.example.org";\n');
  assert.match(text, '    root "/srv/hop3/apps/shop/current";\n');
  assert.not.match(text, 'slots/'); // which slot is live is no part of it
});

test('an app without a web port has no upstream, which nginx would refuse when empty', () => {
  assert.not.match(render([blog]).files.get('sites/blog.conf')!, 'upstream "');
});

test('the same sites in another order are the same bytes; anything else is another generation', () => {
  const one = render([shop, blog]);
  assert.equal(render([blog, shop]), one);
  assert.match(one.files.get('nginx.conf')!, `return 200 "${one.generation}";`);
  const others = [render([shop]), render([shop, blog], 8081), render([{ ...shop, ports: { a: [20_000, 20_002], b: [20_001] } }, blog])];
  assert.is(new Set([one, ...others].map((config) => config.generation)).size, 4);
});

test('a site of the same name on another server, or with another port, is rendered for that one', () => {
  const text = (root: string, port: number, site: Site) => renderNginxConfig(new Paths(root), { httpListen: { host: '127.0.0.1', port } }, [site], 'probe.hop3.invalid').files.get('sites/shop.conf')!;
  text('/srv/hop3', 8080, shop);
  assert.match(text('/srv/other', 8080, shop), 'root "/srv/other/apps/shop/current";');
  assert.match(text('/srv/other', 8081, shop), 'listen "127.0.0.1:8081"');
  assert.match(text('/srv/other', 8081, { ...shop, ports: { a: [20_007], b: [20_001] } }), 'server "127.0.0.1:20007"');
});

test('an app without a name is not served', () => {
  assert.equal([...render([{ ...blog, hosts: [] }]).files.keys()].filter((name) => name.startsWith('sites/')), []);
});

const refused: [hosts: readonly string[], what: string][] = [
  [['shop.localhost'], 'shop.localhost belongs to blog and cannot be given to shop too.'],
  [['twice.org', 'twice.org'], 'shop names twice.org twice.'],
  [['~^.*$'], '"~^.*$" cannot be a host name of shop.'],
  [['a b.org'], '"a b.org" cannot be a host name of shop.'],
  [['Shop.org'], '"Shop.org" cannot be a host name of shop.'],
  [['a..org'], '"a..org" cannot be a host name of shop.'],
  [[''], '"" cannot be a host name of shop.'],
  [['*.*.org'], '"*.*.org" cannot be a host name of shop.'],
];
for (const [hosts, what] of refused) {
  test(`refused: ${what}`, () => {
    try {
      render([{ ...blog, hosts: ['shop.localhost'] }, { ...shop, hosts }]);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, Hop3Error);
      assert.is((error as Hop3Error).code, 'HOP3_NGINX_REFUSED');
      assert.is((error as Hop3Error).what, what);
    }
  });
}

test.run();
