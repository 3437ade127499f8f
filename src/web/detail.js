/* One proposal, whole: what happened, the plan, the decision, what is known and why, who decided what. */
import { decideView } from './decide.js';
import { h, linked, shown } from './dom.js';
import { canEdit, editButton, editForm, isEdited } from './edit.js';
import { diagnosisView } from './evidence.js';
import { isSnoozed, severity, state, trackRecord } from './list.js';
import { page } from './page.js';
import { digestView, planView } from './plan.js';
import { duration, time } from './time.js';
import { certainties, reasons, states, verdicts, verifications } from './words.js';

/* What, since when, how sure. */
function sentence(proposal) {
  const { diagnosis } = proposal;
  const confidence = diagnosis?.conclusion?.confidence;
  return h('p', { class: 'sentence' },
    proposal.count === 1 ? 'Seen once, ' : `Seen ${proposal.count} times since `, time(proposal.first_seen, 'absolute'),
    ' (', time(proposal.first_seen), ')',
    proposal.count > 1 && [', last ', time(proposal.last_seen)],
    diagnosis ? ['; ', certainties[diagnosis.status] ?? shown(diagnosis.status), confidence > 0 && ` (${Math.round(confidence * 100)} % sure)`] : '; not looked into',
    '.');
}

/* A hash as git shortens it; other names whole. */
const commit = (name) => h('code', { title: shown(name) }, shown(/^[0-9a-f]{40,}$/i.test(name) ? name.slice(0, 7) : name));

function commits({ last_good: good, first_bad: bad }) {
  if (!bad) return null;
  return h('p', { id: 'commits' },
    good === bad ? ['Bad at ', commit(bad), ', which was good before.']
      : good ? ['Broke between ', commit(good), ' and ', commit(bad), '.'] : ['First bad ', commit(bad), '.']);
}

function conclusion({ diagnosis }) {
  if (!diagnosis?.conclusion?.text) return null;
  return h('p', {}, linked(diagnosis.conclusion.text), ' ',
    diagnosis.conclusion.boundary && h('span', { class: 'faint' }, linked(diagnosis.conclusion.boundary)));
}

function standing(proposal) {
  return [
    h('p', { class: 'facts' },
      h('span', {}, states[proposal.state]?.says),
      proposal.acknowledged_by && h('span', {}, h('b', {}, shown(proposal.acknowledged_by)), ' is on it'),
      isSnoozed(proposal) && h('span', {}, 'snoozed; wakes ', time(proposal.snoozed_until)),
      proposal.state === 'verifying' && proposal.verify_until && h('span', {}, 'watched until ', time(proposal.verify_until, 'absolute'), ' (', time(proposal.verify_until), ')')),
    proposal.outcome && h('p', { class: 'outcome', id: 'outcome', 'data-tone': states[proposal.state]?.tone }, linked(proposal.outcome)),
    proposal.borrowed && h('p', { class: 'facts' }, 'Above the review budget: critical ones may borrow.'),
    proposal.earlier && h('p', { class: 'earlier' }, h('a', { href: `#/proposals/${proposal.earlier}` }, 'The time before'), ': ', linked(proposal.earlier_outcome || 'not over')),
  ];
}

/* The other signals of a group; the first ones by name. */
function together({ others = [], signals, more_signals = 0 }) {
  const left = signals.length + more_signals - 1 - others.length;
  if (signals.length + more_signals < 2) return null;
  return h('section', { 'data-key': 'together' },
    h('h2', {}, 'Together with'),
    h('ul', { id: 'together' },
      others.map((other) => h('li', { 'data-state': other.state }, h('a', { href: `#/signals/${other.signal}` }, shown(other.title || other.signal)),
        other.state !== 'firing' && [' ', h('span', { class: 'faint' }, '(well again)')])),
      left > 0 && h('li', {}, `${left} more`)));
}

function who({ from = [], need = 1, not = [] } = {}, decisions) {
  const given = decisions.filter((decision) => decision.verdict === 'approve' && !decision.void);
  return [
    from.length ? [shown(from.join(', ')), ' may decide'] : 'nobody may decide: nobody is configured',
    not.length > 0 && [', but never ', shown(not.join(', '))],
    need > 1 && `; ${given.length} of ${need} approvals`,
    need > 1 && given.length > 0 && [' (', shown(given.map((decision) => decision.by).join(', ')), ')'],
  ];
}

function planSection(proposal) {
  if (!proposal.plan.length) {
    return h('section', { 'data-key': 'plan' }, h('h2', {}, 'The plan'),
      h('p', {}, proposal.refused ? [h('b', {}, 'Refused: '), shown(proposal.refused)] : 'There is nothing to do but to take note of it.'));
  }
  const editing = isEdited(proposal);
  const plan = planView(proposal.plan, { outcomes: true, editing });
  return h('section', { 'data-key': 'plan' },
    h('h2', {}, 'The plan'),
    proposal.edited && h('p', { id: 'edited' }, shown(proposal.edited)),
    editing ? editForm(proposal, plan) : plan,
    !editing && canEdit(proposal) && editButton(),
    h('p', { class: 'facts' },
      digestView(proposal),
      proposal.verify && h('span', {}, verifications[proposal.verify], proposal.verify !== 'none' && ` ${duration(proposal.verify_ms)}.`)));
}

function conditions(proposal) {
  return h('p', { class: 'facts', 'data-key': 'conditions' },
    h('span', {}, who(proposal.approvers, proposal.decisions)),
    h('span', {}, 'this rule: ', trackRecord(proposal.track_record)),
    proposal.state === 'open' && h('span', {}, 'expires ', time(proposal.expires, 'absolute'), ' (', time(proposal.expires), '), then nothing happens'),
    proposal.messages?.map(posted));
}

/* Where else it is read and decided, or what keeps it from there. */
function posted({ channel, place, state, handle, error, taken_over_by: instead }) {
  return h('span', { 'data-posted': handle ? 'yes' : 'no' },
    handle ? 'posted in ' : state === 'live' ? 'not posted yet in ' : 'not posted in ', shown([channel, place].filter(Boolean).join(' ')),
    state === 'skipped' ? ': it was over first' : error && [': ', shown(error)],
    instead && ['; ', shown(instead), ' speaks instead']);
}

/* What an edit set, step by step. */
const changes = (params) => params.flatMap((step, i) => Object.entries(step).map(([name, value]) =>
  [': ', h('code', {}, shown(name)), ` of step ${i + 1} is `, h('code', {}, value === '' ? h('i', {}, 'empty') : shown(value))]));

function decisionView(decision) {
  return h('li', {},
    h('b', {}, shown(decision.by)), ' ', verdicts[decision.verdict] ?? decision.verdict,
    decision.params && changes(decision.params),
    decision.reason && `: ${(reasons[decision.reason] ?? decision.reason).toLowerCase()}`,
    decision.for_ms && ` for ${duration(decision.for_ms)}`,
    decision.settle && `: it ${decision.settle === 'ran' ? 'ran' : 'did not run'}`,
    ' ', time(decision.at), ', by ', shown(decision.via), `, revision ${decision.revision}`,
    decision.plan_digest && [', plan ', h('code', {}, shown(decision.plan_digest.slice(0, 12)))],
    decision.void && h('b', {}, ' (void)'),
    decision.note && [': “', linked(decision.note), '”']);
}

function history(proposal) {
  return h('section', { 'data-key': 'history' },
    h('h2', {}, 'Decisions'),
    proposal.decisions.length ? h('ul', { id: 'decisions' }, proposal.decisions.map(decisionView)) : h('p', {}, 'None yet.'));
}

const term = (name, ...value) => [h('dt', {}, name), h('dd', {}, value)];

function about(proposal) {
  return h('details', { 'data-key': 'about' },
    h('summary', {}, 'About this proposal'),
    h('dl', {},
      term('Id', h('code', {}, proposal.short), ' ', h('code', {}, proposal.id)),
      term('Rule', shown(proposal.rule), proposal.rule_version && [' ', h('code', {}, shown(proposal.rule_version.slice(0, 12)))]),
      term('Record', Object.entries(proposal.track_record ?? {}).map(([what, n]) => `${n} ${what}`).join(', ')),
      term('Key', shown(proposal.key.join(' · '))),
      term('Signal', h('a', { href: `#/signals/${proposal.signal}` }, proposal.signal))));
}

export function detailView() {
  const { proposal, task, missing } = page.chosen ?? {};
  if (missing) return h('article', { class: 'detail', 'data-key': 'missing' }, h('p', { class: 'empty' }, missing));
  if (!proposal) return h('article', { class: 'detail', 'data-key': 'none' }, h('p', { class: 'empty' }, 'Choose a proposal: click, or j and Enter.'));
  return h('article', { class: 'detail', id: 'detail', 'data-key': proposal.id, 'data-state': proposal.state, 'aria-labelledby': 'detail-title' },
    h('p', { class: 'back' }, h('a', { href: '#/proposals' }, '← All proposals')),
    h('p', { class: 'marks' }, severity(proposal), state(proposal.state), h('code', { class: 'short' }, proposal.short)),
    h('h2', { class: 'title', id: 'detail-title', tabindex: '-1' }, shown(proposal.title)),
    sentence(proposal), commits(proposal), conclusion(proposal), standing(proposal), together(proposal),
    planSection(proposal), conditions(proposal), decideView(proposal),
    diagnosisView(proposal.diagnosis, task?.evidence), history(proposal), about(proposal));
}
