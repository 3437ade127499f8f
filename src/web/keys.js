/* Keys. None acts by itself: `a` opens the confirmation, `r` goes to the reasons. */
import { button, h } from './dom.js';

const help = {
  'j, k': 'next, previous proposal',
  Enter: 'open it',
  Esc: 'back to the list',
  a: 'approve: shows the plan and asks',
  r: 'reject: goes to the reasons',
  e: 'I’m on it: goes to the button',
  p: 'parameters of the plan: makes them inputs (Esc leaves them)',
  '?': 'this list',
};

const focus = (selector) => document.querySelector(selector)?.focus();

function move(by) {
  const rows = [...document.querySelectorAll('#list .row')];
  const focused = rows.indexOf(document.activeElement);
  const at = focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute('aria-current'));
  rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  a: () => document.querySelector('[data-do=approve]:enabled')?.click(),
  r: () => focus('[data-do=reject]'),
  e: () => focus('[data-do=ack]'),
  p: () => document.querySelector('[data-do=edit]:enabled')?.click(),
  Escape: () => {
    const current = document.querySelector('#list [aria-current=true]');
    location.hash = '#/proposals';
    current?.focus();
  },
  '?': () => showHelp(),
};

export function showHelp() {
  const dialog = document.getElementById('help');
  dialog.replaceChildren(
    h('h2', { id: 'help-title' }, 'Keys'),
    h('dl', {}, Object.entries(help).map(([key, does]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, does)])),
    h('div', { class: 'buttons' }, button('closeDialog', 'Close', { autofocus: true })));
  dialog.showModal();
}

export function onKey(event) {
  const typing = event.target.closest('input, textarea, select, dialog');
  if (event.key === 'Escape' && event.target.closest('.editing')) {
    event.preventDefault();
    document.querySelector('[data-do=cancelEdit]').click();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}
