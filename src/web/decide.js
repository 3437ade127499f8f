/* Deciding: what is offered in which state, the confirmation, and what the answer was, in words. */
import { post, Refusal } from './api.js';
import { button, h, shown } from './dom.js';
import { isEdited } from './edit.js';
import { page } from './page.js';
import { digestView, planView } from './plan.js';
import { now, time } from './time.js';
import { reasons } from './words.js';

const snoozes = { '15m': '15 min', '1h': '1 h', '4h': '4 h' };
const approvals = (proposal) => proposal.decisions.filter((decision) => decision.verdict === 'approve' && !decision.void);
const isHeld = (proposal) => proposal.state === 'approved' && Date.parse(proposal.hold_until) > now();
const isMine = (decision) => decision.by === page.me?.name;

/* --- what is offered --- */

function group(label, buttons) {
  return h('fieldset', { class: 'group' }, h('legend', {}, label), buttons);
}

const rejecting = () => group('Reject, because', Object.entries(reasons).map(([code, label]) =>
  button('reject', label, { 'data-reason': code, disabled: page.sending })));

const snoozing = () => group('Snooze for', Object.entries(snoozes).map(([length, label]) =>
  button('snooze', label, { 'data-for': length, disabled: page.sending })));

function note() {
  return h('p', { class: 'note' },
    h('label', { for: 'note' }, 'Note (goes with the decision)'),
    h('input', { id: 'note', maxlength: '1000', autocomplete: 'off' }));
}

function forOpen(proposal) {
  const mine = approvals(proposal).some(isMine);
  return [
    h('div', { class: 'buttons' },
      proposal.plan.length > 0 && button('approve', mine ? 'Approved by you' : 'Approve …', { class: 'main', disabled: page.sending || mine || isEdited(proposal) }),
      button('ack', proposal.acknowledged_by ? `${shown(proposal.acknowledged_by)} is on it` : 'I’m on it', { disabled: page.sending || proposal.acknowledged_by })),
    rejecting(), snoozing(), note(),
  ];
}

function forApproved(proposal) {
  if (!isHeld(proposal)) return [h('p', {}, 'It starts as soon as its checks have passed.')];
  return [
    h('p', { class: 'held', role: 'timer' }, 'Starts ', time(proposal.hold_until), '.'),
    approvals(proposal).some(isMine)
      ? h('div', { class: 'buttons' }, button('takeBack', 'Take back', { class: 'main', disabled: page.sending }))
      : h('p', {}, 'Until then, who approved it can take it back.'),
  ];
}

function forUnknown(proposal) {
  const which = proposal.plan.findIndex((step) => step.state === 'unknown') + 1;
  return [
    h('p', {}, `How step ${which} ended is not known. It is not started again. Look for yourself, then say what is true:`),
    h('div', { class: 'buttons' },
      button('settle', 'It ran', { 'data-settle': 'ran', disabled: page.sending }),
      button('settle', 'It did not run', { 'data-settle': 'not_ran', disabled: page.sending })),
    note(),
  ];
}

const undoable = ['done', 'failed', 'verified', 'recurred', 'inconclusive'];

function forOver(proposal) {
  const ran = proposal.plan.filter((step) => step.state === 'done');
  if (!undoable.includes(proposal.state) || !ran.length || !ran.every((step) => step.undo)) return null;
  return [h('div', { class: 'buttons' }, button('undo', `Undo: ${ran.map((step) => shown(step.undo)).reverse().join(', ')}`, { disabled: page.sending })), note()];
}

const offers = { open: forOpen, approved: forApproved, unknown: forUnknown };

function answerView(proposal) {
  const { note: said } = page;
  if (said?.id !== proposal.id) return null;
  return h('div', { id: 'answer', class: 'answer', 'data-tone': said.tone, 'data-status': `${said.status}`, tabindex: '-1' },
    h('p', {}, said.text), said.detail && h('p', {}, shown(said.detail)));
}

export function decideView(proposal) {
  const offered = page.me ? (offers[proposal.state] ?? forOver)(proposal) : null;
  if (!offered && page.note?.id !== proposal.id) return null;
  return h('section', { class: 'decide', 'aria-label': 'Decide', 'data-key': 'decide' }, answerView(proposal), offered);
}

/* --- the confirmation: the plan again, exactly as it will be sent --- */

const dialog = document.getElementById('confirm');
let confirmed = null; // {id, digest} that the reader sees

export function openConfirmation(proposal) {
  const needed = proposal.approvers?.need ?? 1;
  confirmed = { id: proposal.id, digest: proposal.plan_digest };
  dialog.replaceChildren(
    h('h2', { id: 'confirm-title' }, `Approve ${proposal.plan.length === 1 ? 'this step' : `these ${proposal.plan.length} steps`}?`),
    h('p', {}, shown(proposal.title)),
    planView(proposal.plan, { outcomes: false }),
    needed > 1 && h('p', {}, `${needed} approvals are needed; ${approvals(proposal).length} given.`),
    h('p', { class: 'facts' }, digestView(proposal)),
    h('p', { id: 'overtaken', class: 'answer', 'data-tone': 'bad', role: 'alert', hidden: true }),
    h('div', { class: 'buttons' },
      button('closeDialog', 'Cancel', { autofocus: true }),
      button('confirmApprove', 'Approve', { class: 'main', id: 'confirm-approve' })));
  dialog.showModal();
}

/* What holds has changed while somebody reads: say so, and take the button away. */
export function watchConfirmation(proposal) {
  if (!dialog.open || proposal?.id !== confirmed?.id) return;
  const changed = proposal.plan_digest !== confirmed.digest;
  if (!changed && proposal.state === 'open') return;
  const warning = dialog.querySelector('#overtaken');
  warning.textContent = changed ? 'The plan has changed since you opened this. Close it and look again.' : `It is ${proposal.state} now. Close this and look again.`;
  warning.hidden = false;
  dialog.querySelector('#confirm-approve').disabled = true;
}

export function confirmedApproval() {
  dialog.close();
  return confirmed;
}

/* --- sending --- */

/* Sends a decision; the note on the page says what came of it. `redraw` shows what changed, `refresh` asks the daemon again. */
export async function decide(id, body, { redraw, refresh }) {
  const text = document.getElementById('note')?.value.trim();
  if (page.sending) return;
  page.sending = true;
  redraw();
  try {
    const answer = await post(`proposals/${id}/decision`, text ? { ...body, note: text } : body);
    page.note = { id, tone: 'good', status: 200, text: sentence(answer.detail) || `It is ${answer.state} now.` };
    page.editing = null; // whatever was decided, what was typed is about a plan that is over
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    page.note = { id, tone: 'bad', status: refusal.status, text: refusal.message, detail: sentence(refusal.detail) };
  } finally {
    page.sending = false;
  }
  await refresh();
  document.getElementById('answer')?.focus({ preventScroll: true });
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}` : '');
