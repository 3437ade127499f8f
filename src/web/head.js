/* The head of the page: where we are, how much waits, whether what is shown is current, and what everybody must know. */
import { button, h, shown } from './dom.js';
import { page, route } from './page.js';
import { time } from './time.js';

const tabs = { proposals: 'Proposals', signals: 'Signals', events: 'Events', silences: 'Silences' };
const counted = ['open', 'unknown', 'approved', 'running', 'verifying'];

export const count = (state) => page.proposals.filter((proposal) => proposal.state === state).length;

function counts() {
  return h('p', { class: 'counts', id: 'counts' },
    counted.map((state) => [count(state), state])
      .filter(([n, state]) => n || state === 'open')
      .map(([n, state]) => h('span', { 'data-count': state }, h('b', {}, `${n}`), ` ${state}`)));
}

function who() {
  if (!page.me) return h('span', {}, h('a', { href: '#/sign-in' }, 'Sign in'));
  return h('span', {}, h('b', { id: 'me' }, shown(page.me.name)), ' ', button('signOut', 'Sign out', { class: 'quiet' }));
}

export function head() {
  const here = route().tab;
  return [
    h('h1', {}, h('a', { href: '#/proposals' }, 'Vedette')),
    h('nav', { 'aria-label': 'Lists' }, Object.entries(tabs).map(([tab, label]) =>
      h('a', { href: `#/${tab}`, 'aria-current': tab === here && 'page' }, label))),
    counts(),
    h('p', { class: 'who' },
      h('span', { id: 'live', 'data-live': page.live }, page.live), ' ',
      button('help', '?', { class: 'quiet', 'aria-label': 'Keys and help' }), ' ', who()),
  ];
}

const banner = (tone, strong, ...more) => h('div', { class: 'banner', 'data-tone': tone, role: 'status' }, h('b', {}, strong), more);

/* What everybody must know, by members of the status. */
export function banners() {
  const { paused, rules, store_failed: failed, refusing_deliveries: refusing, channels = [] } = page.status ?? {};
  return [
    paused && banner('wait', 'Paused: nothing acts.', ' What is approved starts when somebody resumes: ', h('code', {}, 'vedette resume')),
    failed && banner('bad', 'The store failed.', ' Nothing can be decided: look at the daemon’s log.'),
    refusing && banner('bad', 'The store is full: deliveries are refused.', ' Decisions go on.'),
    rules?.state === 'last_good' && banner('bad', 'The rule files have errors: the last good rules run', rules.at && [' since ', time(rules.at, 'absolute')], '.',
      rules.problems && h('pre', { tabindex: '0' }, shown(rules.problems, { lines: true }))),
    channels.filter(({ state }) => state === 'failing').map(({ name, owed, error, failing_since: since }) =>
      banner('bad', [shown(name), ' cannot be posted to'], since && [' since ', time(since, 'absolute')], ': ', shown(error ?? 'why is not known'), `. ${owed} ${owed === 1 ? 'waits' : 'wait'}; decide here.`)),
    !page.me && page.status && banner(null, 'You are looking without a name.', ' To decide, open the link that ', h('code', {}, 'vedette run'), ' printed, or ',
      h('a', { href: '#/sign-in' }, 'sign in'), '.'),
  ];
}
