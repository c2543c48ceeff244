import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { printable } from '../names.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Why the text cannot be a domain of an app, or null when it can. `_` stands for "any name that nobody else has". */
export function refuseDomain(domain: string): string | null {
  const shown = `"${printable(domain)}"`;
  if (domain === '_') return null;
  if (domain.includes('/')) return `${shown} is an address; write the host name alone, such as "shop.example.org"`;
  if (isIP(domain) !== 0) return `${shown} is an IP address; a domain is a name ("_" answers whatever name was asked for)`;
  if (/:\d*$/.test(domain)) return `${shown} has a port; write the name alone`;
  if (domain.startsWith('*.')) return `${shown} is a wildcard, which is not supported; list the names one by one`;
  if (domain.endsWith('.')) return `${shown} ends with a dot; leave it off`;
  // eslint-disable-next-line no-control-regex -- everything that is not ASCII is what is looked for
  if (/[^\u0000-\u007f]/.test(domain)) {
    const ascii = domainToASCII(domain);
    return ascii === '' ? `${shown} is no host name` : `${shown} must be written in ASCII: "${printable(ascii)}"`;
  }
  if (domain.length > 253 || !domain.split('.').every((label) => LABEL.test(label))) {
    return `${shown} is no host name: letters, digits and hyphens in parts of 1 to 63 characters, joined with dots, 253 in all`;
  }
  return null;
}
