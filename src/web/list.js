/* The list of proposals: what waits for a person first, then what is under way, then what is over. */
import { h, shown } from './dom.js';
import { page, route } from './page.js';
import { now, time } from './time.js';
import { severities, states } from './words.js';

const parts = { decide: 'Waiting for you', snoozed: 'Snoozed', running: 'Under way', closed: 'Over' };

export const isSnoozed = (proposal) => proposal.state === 'open' && Date.parse(proposal.snoozed_until) > now();
const partOf = (proposal) => (isSnoozed(proposal) ? 'snoozed' : states[proposal.state]?.part ?? 'closed');

/* How it ended is not known: first. Then the worst, and of those what expires soonest. */
const rank = (proposal) => (proposal.state === 'unknown' ? -1 : severities.indexOf(proposal.severity));
const byUrgency = (a, b) => rank(a) - rank(b) || Date.parse(a.expires) - Date.parse(b.expires);
const byNewest = (a, b) => Date.parse(b.updated) - Date.parse(a.updated);
const orders = { decide: byUrgency, snoozed: byUrgency, running: byNewest, closed: byNewest };

export const sorted = () => Object.keys(parts).flatMap((part) => page.proposals.filter((proposal) => partOf(proposal) === part).sort(orders[part]));

export function severity(proposal) {
  return h('span', { class: 'severity', 'data-severity': proposal.severity }, proposal.severity);
}

export function state(name) {
  return h('span', { class: 'state', 'data-tone': states[name]?.tone, title: states[name]?.says }, name.replace('_', ' '));
}

export function trackRecord({ proposed = 0, approved = 0, verified = 0 } = {}) {
  if (approved) return `${verified} of ${approved} verified`;
  return proposed > 1 ? `${proposed} proposed, none approved` : 'no record yet';
}

const times = (n) => (n === 1 ? 'once' : `${n} times`);

function facts(proposal) {
  return [
    h('span', {}, shown(proposal.rule)),
    h('span', {}, 'seen ', times(proposal.count)),
    h('span', {}, 'since ', time(proposal.first_seen)),
    proposal.state === 'open' && !isSnoozed(proposal) && h('span', {}, 'expires ', time(proposal.expires)),
    isSnoozed(proposal) && h('span', {}, 'wakes ', time(proposal.snoozed_until)),
    proposal.acknowledged_by && h('span', {}, shown(proposal.acknowledged_by), ' is on it'),
    h('span', {}, trackRecord(proposal.track_record)),
    states[proposal.state]?.part === 'closed' && proposal.closed && h('span', {}, 'over ', time(proposal.closed)),
  ];
}

function row(proposal) {
  return h('li', { 'data-key': proposal.id },
    h('a', {
      class: 'row', href: `#/proposals/${proposal.id}`, 'data-state': proposal.state, 'aria-current': route().id === proposal.id && 'true',
    },
    h('span', { class: 'marks' }, severity(proposal), state(proposal.state)),
    h('span', { class: 'title' }, shown(proposal.title)),
    h('span', { class: 'facts' }, facts(proposal))));
}

function part(name, proposals) {
  if (!proposals.length) return null;
  return h('section', { 'data-key': name },
    h('h2', {}, parts[name], ' ', h('span', { class: 'n' }, `${proposals.length}`)),
    h('ul', {}, proposals.map(row)));
}

const nothing = () => h('div', { class: 'empty', 'data-key': 'nothing' },
  h('p', {}, h('b', {}, 'Nothing waits for you.')),
  page.status?.silences?.active && h('p', {}, h('a', { href: '#/silences' }, `Silences: ${page.status.silences.active} active`), '. What they match is not asked until they end.'),
  h('p', {}, 'To see a proposal: ', h('code', {}, 'vedette send --sample ci-red')));

/* What the review budget keeps from being asked: a line, and who is first in its queue. */
function queue() {
  const { waiting = 0, full, since, next } = page.status?.budget ?? {};
  const first = (page.status?.held_back ?? []).filter(({ why, signal }) => why === 'budget' && signal);
  if (!waiting) return null;
  return h('details', { class: 'queue', id: 'queue', 'data-key': 'queue' },
    h('summary', {}, h('b', {}, `${waiting} more ${waiting === 1 ? 'signal waits' : 'signals wait'}: budget`),
      full && ` (${full})`, next && [', the next place ', time(next)]),
    h('p', {}, since && ['Since ', time(since), '. '], 'Nothing is dropped: they are counted on, and ask one by one as places become free.'),
    h('ol', {}, first.map(({ signal, title, severity: name }) => h('li', {}, name && severity({ severity: name }), ' ',
      h('a', { href: `#/signals/${signal}` }, shown(title))))),
    waiting > first.length && h('p', {}, `and ${waiting - first.length} more`));
}

export function listView() {
  const all = sorted();
  const waiting = all.some((proposal) => partOf(proposal) === 'decide');
  return h('div', { class: 'list', id: 'list' },
    page.loaded && !waiting && nothing(),
    !page.loaded && h('p', { class: 'empty', 'data-key': 'loading' }, 'Asking the daemon …'),
    queue(),
    Object.keys(parts).map((name) => part(name, all.filter((proposal) => partOf(proposal) === name))));
}
