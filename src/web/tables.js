/* Signals, events and silences as plain tables, and one of them as it is. */
import { get, list } from './api.js';
import { button, h, link, linked, shown } from './dom.js';
import { severity } from './list.js';
import { page } from './page.js';
import { time } from './time.js';

function held(hold) {
  return hold && [`${hold.reason}${hold.detail ? `: ${shown(hold.detail)}` : ''}`, hold.until && [', until ', time(hold.until)]];
}

const kinds = {
  signals: {
    columns: ['State', 'Held back', 'Severity', 'Title', 'Rule', 'Count', 'Last seen'],
    row: (signal) => [
      signal.state, held(signal.held), severity(signal), h('a', { href: `#/signals/${signal.id}` }, shown(signal.title || signal.key.join(' · '))),
      shown(signal.rule), `${signal.count}`, time(signal.last_seen),
    ],
    none: 'No signals yet.',
  },
  events: {
    columns: ['Time', 'State', 'Title', 'Kind', 'Watcher', 'Link'],
    row: (event) => [
      time(event.time ?? event.received), shown(event.state), h('a', { href: `#/events/${event.id}` }, shown(event.title || event.subject || event.id)),
      shown(event.kind), shown(event.watcher), event.url && link(event.url),
    ],
    none: 'No events yet.',
  },
  silences: {
    columns: ['State', 'Where', 'Reason', 'By', 'Ends', ''],
    row: (silence) => [
      h('a', { href: `#/silences/${silence.id}` }, silence.state), shown(Object.entries(silence.where).map(([field, value]) => `${field}=${value}`).join(', ')),
      shown(silence.reason), shown(silence.by), time(silence.ended ?? silence.until),
      silence.state === 'active' && button('unsilence', 'Remove', { class: 'quiet', 'data-id': silence.id, disabled: page.sending || !page.me }),
    ],
    none: 'Nothing is silenced.',
  },
};

export async function loadTable(tab, id) {
  return id ? { id, text: JSON.stringify(await get(`${tab}/${encodeURIComponent(id)}`), null, 2) } : { items: await list(`${tab}?limit=100`) };
}

function tableView(tab, items) {
  const { columns, row, none } = kinds[tab];
  if (!items.length) return h('p', { class: 'empty' }, none);
  return h('div', { class: 'scroll' }, h('table', {},
    h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, items.map((item) => h('tr', { 'data-key': item.id }, row(item).map((cell) => h('td', {}, cell)))))));
}

export function tableTab(tab, loaded) {
  return h('section', { class: 'tables', 'data-key': `${tab}${loaded?.id ?? ''}` },
    h('h2', {}, `${tab[0].toUpperCase()}${tab.slice(1)}`),
    loaded?.refused && h('p', { class: 'empty', role: 'alert' }, shown(loaded.refused)),
    loaded?.missing && h('p', { class: 'empty' }, loaded.missing),
    loaded?.text && [h('p', {}, h('a', { href: `#/${tab}` }, '← All')), h('pre', { class: 'output', tabindex: '0' }, linked(loaded.text))],
    loaded?.items && tableView(tab, loaded.items));
}
