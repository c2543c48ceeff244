import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { SLOTS, type Paths } from '../paths.ts';
import { formatAddress, type Settings } from '../settings.ts';
import type { Site } from './model.ts';
import { NginxMessage, readNginxFile, renderNginxTemplate } from './nginx-template.ts';
import { webSlotFile } from './slot-target.ts';

/** The whole of nginx's configuration, as files by their path below the configuration directory. */
export interface NginxConfig {
  /** Names exactly these bytes; the worker processes tell it to whoever knows `probeHost`. */
  readonly generation: string;
  readonly files: ReadonlyMap<string, string>;
}

/** The host that stands for every name that no app has. */
const CATCH_ALL = '_';

type NginxSettings = Pick<Settings, 'httpListen'>;

/**
 * Renders the configuration. The same sites and settings give the same bytes, in whatever order the sites come.
 * @throws Hop3Error HOP3_NGINX_REFUSED for a host name that is none, or that two apps claim
 */
export function renderNginxConfig(paths: Paths, settings: NginxSettings, sites: readonly Site[], probeHost: string): NginxConfig {
  const sorted = sites.filter((site) => site.hosts.length > 0).sort((a, b) => (a.app < b.app ? -1 : 1));
  checkHosts(sorted);
  const listen = formatAddress(settings.httpListen);
  const files = new Map<string, string>([
    ['mime.types', readNginxFile('mime.types')],
    ['static.conf', readNginxFile('static.conf')],
    // Not for nginx: `hop3 up` renders these sites again, with the settings of that day, before the server can.
    ['sites.json', `${JSON.stringify(sorted)}\n`],
  ]);
  const render = siteRenderer(paths, listen);
  for (const site of sorted) files.set(`sites/${site.app}.conf`, render(site));
  const main = (generation: string) => renderMain(paths, listen, sorted, probeHost, generation);
  const generation = generationOf(new Map(files).set('nginx.conf', main('')));
  files.set('nginx.conf', main(generation));
  return { generation, files };
}

/** The name of nginx's upstream for a slot of an app. App names have no `_`. */
function upstreamName(app: string, slot: string): string {
  return `hop3_${app}_${slot}`;
}

function renderMain(paths: Paths, listen: string, sites: readonly Site[], probeHost: string, generation: string): string {
  const temp = (name: string) => join(paths.nginx, 'tmp', name);
  return renderNginxTemplate('nginx.conf', {
    pidFile: join(paths.nginx, 'nginx.pid'),
    lockFile: join(paths.nginx, 'nginx.lock'),
    bodyTemp: temp('body'), proxyTemp: temp('proxy'), fastcgiTemp: temp('fastcgi'), uwsgiTemp: temp('uwsgi'), scgiTemp: temp('scgi'),
    namesHashSize: Math.max(1024, 4 * sites.reduce((count, site) => count + site.hosts.length, 0)),
    listen, probeHost, generation, catchAll: sites.some((site) => site.hosts.includes(CATCH_ALL)),
  });
}

let rendered: ReadonlyMap<string, string> = new Map();

/** Renders sites; the text of one that the last configuration had is taken from there, since on a host of a thousand apps a change is one of a thousand. */
function siteRenderer(paths: Paths, listen: string): (site: Site) => string {
  const before = rendered;
  const now = new Map<string, string>();
  rendered = now;
  return (site) => {
    const key = JSON.stringify([paths.root, listen, site]);
    const text = before.get(key) ?? renderSite(paths, listen, site);
    now.set(key, text);
    return text;
  };
}

function renderSite(paths: Paths, listen: string, site: Site): string {
  const slots = SLOTS.map((slot) => ({
    slot,
    // An upstream without a server is an error to nginx; without the upstream the app answers "not answering".
    url: site.ports[slot].length === 0 ? '' : `http://${upstreamName(site.app, slot)}`,
    webLocation: `@hop3_web_${slot}`,
    eventsLocation: `@hop3_events_${slot}`,
  }));
  const upstreams = slots.filter(({ url }) => url !== '').map(({ slot, url }) => ({
    url, name: upstreamName(site.app, slot),
    liveFile: join(paths.current(site.app), webSlotFile(slot)),
    servers: site.ports[slot].map((port) => ({ address: `127.0.0.1:${port}` })),
  }));
  return renderNginxTemplate('site.conf', {
    listen,
    hosts: site.hosts.filter((host) => host !== CATCH_ALL).map((host) => ({ host })),
    catchAll: site.hosts.includes(CATCH_ALL),
    maintenanceFile: paths.maintenance(site.app),
    maintenance: new NginxMessage(`${site.app} is down for maintenance. Please come back later.`),
    current: paths.current(site.app),
    slots,
    upstreams,
    hasUpstreams: upstreams.length > 0,
    noRelease: new NginxMessage(`${site.app} has no live release.`),
    gone: new NginxMessage(`${site.app} is not answering just now.`),
    slow: new NginxMessage(`${site.app} took too long to answer.`),
  });
}

const HOST = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** nginx only warns of a name that stands twice, and then one of the two apps is never asked. */
function checkHosts(sites: readonly Site[]): void {
  const owners = new Map<string, string>();
  for (const { app, hosts } of sites) {
    for (const host of hosts) {
      if (host !== CATCH_ALL && (!HOST.test(host) || host.length > 253)) {
        throw new Hop3Error('HOP3_NGINX_REFUSED', { what: `"${printable(host)}" cannot be a host name of ${app}.`, next: 'Use a lower-case domain name such as shop.example.org, or *.example.org.' });
      }
      const owner = owners.get(host);
      if (owner !== undefined) {
        throw new Hop3Error('HOP3_NGINX_REFUSED', { what: owner === app ? `${app} names ${host} twice.` : `${host} belongs to ${owner} and cannot be given to ${app} too.`, next: 'Take it away from one of them first.' });
      }
      owners.set(host, app);
    }
  }
}

function generationOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
  return hash.digest('hex').slice(0, 32);
}
