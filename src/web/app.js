/* The page: asks the daemon, keeps the answers in page.js, draws them, and carries out what is clicked. A client of the public HTTP API. */
import { get, list, post, Refusal, remove } from './api.js';
import { confirmedApproval, decide, openConfirmation, watchConfirmation } from './decide.js';
import { detailView } from './detail.js';
import { patch } from './dom.js';
import { editedParams } from './edit.js';
import { banners, count, head } from './head.js';
import { onKey, showHelp } from './keys.js';
import { listView } from './list.js';
import { page, route } from './page.js';
import { listen } from './stream.js';
import { loadTable, tableTab } from './tables.js';
import { tick } from './time.js';
import { statesOf } from './words.js';

const GATHER_MS = 100;
const place = (id) => document.getElementById(id);

/* --- drawing --- */

function draw() {
  const { tab, id } = route();
  patch(place('head'), head());
  patch(place('banners'), banners());
  document.body.dataset.tab = tab;
  document.body.dataset.chosen = id ? 'yes' : 'no';
  patch(place('main'), tab === 'proposals' ? [listView(), detailView()] : tableTab(tab, page.table));
  watchConfirmation(page.chosen?.proposal);
}

/* For those who hear the page: how much waits, when that changes. */
function speak() {
  const waiting = count('open') + count('unknown');
  const text = waiting === 1 ? '1 proposal waits' : `${waiting} proposals wait`;
  document.title = waiting ? `(${waiting}) Vedette` : 'Vedette';
  if (place('spoken').textContent !== text) place('spoken').textContent = text;
}

/* --- asking --- */

async function loadProposals() {
  const [going, over] = await Promise.all([
    list(`proposals?limit=200&state=${statesOf('decide', 'running')}`),
    list(`proposals?limit=30&state=${statesOf('closed')}`),
  ]);
  page.proposals = [...going, ...over];
  page.loaded = true;
}

async function loadChosen(id) {
  if (!id) return null;
  try {
    const proposal = await get(`proposals/${encodeURIComponent(id)}`);
    const task = proposal.task && (await get(`tasks/${proposal.task}`).catch(() => null));
    return { proposal, task };
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.status === 404) return { missing: 'There is no such proposal (any more).' };
    throw refusal;
  }
}

async function loadTab() {
  const { tab, id } = route();
  if (tab === 'proposals') {
    const chosen = await loadChosen(id);
    if (route().id === id) page.chosen = chosen;
    return;
  }
  const table = await loadTable(tab, id).catch((refusal) => ({ missing: refusal.message }));
  if (route().tab === tab && route().id === id) page.table = table;
}

async function loadAll() {
  const [me, status] = await Promise.all([get('me'), get('status').catch(() => page.status), loadProposals(), loadTab()]);
  page.me = me.person ? { name: me.person } : null;
  page.status = status;
}

let asking = null;
let again = false;

/* One round of questions at a time; what changes meanwhile makes one more. */
export async function refresh() {
  if (asking) {
    again = true;
    return asking;
  }
  asking = (async () => {
    do {
      again = false;
      try {
        await loadAll();
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        if (refusal.status === 401) return location.replace(`sign-in${location.hash}`);
        if (refusal.status) page.live = refusal.message;
      }
      draw();
      speak();
    } while (again);
  })();
  try {
    await asking;
  } finally {
    asking = null;
  }
}

let gathering = 0;
function refreshSoon() {
  clearTimeout(gathering);
  gathering = setTimeout(refresh, GATHER_MS);
}

/* --- doing --- */

const chosen = () => page.chosen.proposal;
const send = (id, body) => decide(id, body, { redraw: draw, refresh });
/* What was shown goes along, so that nothing is decided that nobody saw. */
const digest = () => (chosen().plan_digest ? { plan_digest: chosen().plan_digest } : {});

const actions = {
  approve: () => openConfirmation(chosen()),
  confirmApprove: () => {
    const seen = confirmedApproval();
    send(seen.id, { verdict: 'approve', plan_digest: seen.digest });
  },
  edit: () => {
    page.editing = { id: chosen().id, digest: chosen().plan_digest };
    draw();
    document.querySelector('.editing input')?.focus();
  },
  saveEdit: () => send(chosen().id, { verdict: 'edit', params: editedParams(chosen()), plan_digest: page.editing.digest }),
  cancelEdit: () => {
    page.editing = null;
    draw();
    document.querySelector('[data-do=edit]')?.focus();
  },
  reject: ({ reason }) => send(chosen().id, { verdict: 'reject', reason, ...digest() }),
  ack: () => send(chosen().id, { verdict: 'ack' }),
  snooze: (data) => send(chosen().id, { verdict: 'snooze', for: data.for }),
  takeBack: () => send(chosen().id, { verdict: 'take_back', ...digest() }),
  settle: ({ settle }) => send(chosen().id, { verdict: 'settle', settle, ...digest() }),
  undo: () => send(chosen().id, { verdict: 'undo', ...digest() }),
  showEvidence: ({ id }) => {
    const piece = place(`evidence-${id}`);
    if (!piece) return;
    piece.open = true;
    piece.querySelector('summary').focus();
    piece.scrollIntoView({ block: 'nearest' });
  },
  unsilence: async ({ id }) => {
    page.sending = true;
    draw();
    const refused = await remove(`silences/${encodeURIComponent(id)}`).then(() => null, (refusal) => refusal.detail || refusal.message);
    page.sending = false;
    await refresh();
    if (refused && page.table) page.table = { ...page.table, refused };
    draw();
  },
  signOut: async () => {
    await post('sign-out').catch(() => null);
    location.assign('sign-in');
  },
  help: showHelp,
  closeDialog: (data, element) => element.closest('dialog').close(),
};

document.addEventListener('click', (event) => {
  const element = event.target.closest('[data-do]');
  if (element && !element.disabled) actions[element.dataset.do](element.dataset, element);
});

/* Enter in an input clicks its form's button, which sends; the browser itself goes nowhere. */
document.addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', onKey);

async function onRoute() {
  const { tab, id } = route();
  if (location.hash === '#/sign-in') return location.assign('sign-in');
  page.note = null;
  page.editing = null;
  if (page.chosen?.proposal?.id !== id) page.chosen = null;
  page.table = null;
  draw();
  await refresh();
  if (tab === 'proposals' && id) place('detail-title')?.focus();
}

window.addEventListener('hashchange', onRoute);
setInterval(() => tick(), 1000);
draw();
listen(refreshSoon, draw);
onRoute();
