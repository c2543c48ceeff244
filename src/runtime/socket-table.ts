import { open } from 'node:fs/promises';

/**
 * One of the kernel's tables of sockets (proc(5): /proc/net/tcp, udp, and their IPv6 forms); empty where it cannot be read. The kernel takes milliseconds
 * for one, in which the server can do something else. It gives one page at a time: `readFile` would make a buffer of 64 KiB for each.
 */
export async function readSocketTable(name: 'tcp' | 'tcp6' | 'udp' | 'udp6'): Promise<string> {
  const file = await open(`/proc/net/${name}`, 'r').catch(() => null);
  if (file === null) return '';
  const page = Buffer.allocUnsafe(4096);
  let text = '';
  try {
    for (;;) {
      const { bytesRead } = await file.read(page, 0, page.length, null);
      if (bytesRead === 0) return text;
      text += page.toString('latin1', 0, bytesRead);
    }
  } catch {
    return '';
  } finally {
    await file.close();
  }
}
