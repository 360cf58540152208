/** Numbers and names as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in steps of 1000, with at most one digit after the point. */
export function formatBytes(nbytes: number): string {
  let value = nbytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 0.9995) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Seconds since the epoch, in the reader's own zone and language. */
export function formatTime(epoch: number): string {
  return new Date(epoch * 1000).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}

/** `pandas.core.frame.DataFrame` is known as `DataFrame`. */
export function shortType(pythonType: string): string {
  return pythonType.slice(pythonType.lastIndexOf('.') + 1);
}

/** What people call a version: the name that it was given, else its number. */
export function versionLabel(of: { version: number; version_name: string | null }): string {
  return of.version_name ?? `v${of.version}`;
}

/** Cut in the middle, where names differ least. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  if (characters.length <= length) {
    return text;
  }
  const tail = Math.floor((length - 1) / 3);
  const head = length - 1 - tail;
  return `${characters.slice(0, head).join('')}…${characters.slice(-tail).join('')}`;
}

/** A number with as many digits as one reads; any other text as it is. */
export function shortNumber(text: string): string {
  return /^-?\d+\.\d{5,}(e[+-]?\d+)?$/i.test(text)
    ? `${Number(Number(text).toPrecision(6))}`
    : text;
}

/** A JSON value in one line. */
export function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An ISO 8601 instant as written in its own zone: `Mon 2026-11-23 06:00 +01:00`. */
export function formatFire(iso: string): string {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::[\d.]+)?(.*)$/.exec(iso);
  if (found === null) {
    return iso;
  }
  const [, date = '', time = '', zone = ''] = found;
  const day = new Date(`${date}T00:00:00Z`).toLocaleDateString(undefined, {
    weekday: 'short',
    timeZone: 'UTC'
  });
  return `${day} ${date} ${time} ${zone === 'Z' ? 'UTC' : zone}`.trim();
}

/** A traceback without the codes that colour it in a terminal. */
export function withoutAnsi(text: string): string {
  // eslint-disable-next-line no-control-regex -- terminal codes begin with a control character
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}
