/* Times: relative for reading, absolute with the zone for pointing at; a clock that follows the server's. */
import { h } from './dom.js';

let skew_ms = 0;

/* Countdowns are the server's: a browser whose clock is wrong must not say that there is time left. */
export function followServer(date) {
  const server_ms = Date.parse(date);
  if (Number.isNaN(server_ms)) return;
  const off_ms = server_ms - Date.now();
  skew_ms = Math.abs(off_ms) > 3000 ? off_ms : 0;
}

export const now = () => Date.now() + skew_ms;

const units = [
  [36 * 3600, 86400, 'd'],
  [59.5 * 60, 3600, 'h'],
  [90, 60, 'min'],
  [0, 1, 's'],
];

export function duration(ms) {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const [, size, name] = units.find(([from]) => seconds >= from);
  return `${Math.round(seconds / size)} ${name}`;
}

export function relative(ms) {
  const away_ms = ms - now();
  if (away_ms > 0) return `in ${duration(away_ms)}`;
  return away_ms > -5000 ? 'just now' : `${duration(away_ms)} ago`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' });

/* "14:30", with the day when it is not today's. */
export function absolute(ms) {
  const today = new Date(now()).toDateString() === new Date(ms).toDateString();
  return today ? clock.format(ms) : `${day.format(ms)} ${clock.format(ms)}`;
}

const styles = { relative, absolute };

export function time(text, style = 'relative') {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return '';
  return h('time', { datetime: text, title: full.format(ms), 'data-style': style }, styles[style](ms));
}

/* Once a second, without drawing anything anew. */
export function tick() {
  for (const element of document.querySelectorAll('time[data-style=relative]')) {
    const text = relative(Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}
