/** `2026-11-23 05:12 (3 minutes ago)`, in the reader's own time zone. */
export function when(iso: string, now: number = Date.now()): string {
  return `${stamp(iso)} (${ago(iso, now)})`;
}

/** `2026-11-23 05:12` */
export function stamp(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function ago(iso: string, now: number): string {
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  const text = duration(Math.abs(seconds));
  return seconds < -1 ? `in ${text}` : seconds < 2 ? 'just now' : `${text} ago`;
}

const UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const;

/** The largest unit alone: "3 minutes". */
export function duration(seconds: number): string {
  const [name, size] = UNITS.find((unit) => seconds >= unit[1]) ?? UNITS[3];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

const SPAN = /^(\d{1,6})\s*(s|m|h|d|w)$/;
const SPAN_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of "30d", "12h", "90m"; null when it is no such text. */
export function parseSpan(text: string): number | null {
  const match = SPAN.exec(text);
  return match ? Number(match[1]) * SPAN_SECONDS[match[2]!]! : null;
}
