/* Editing: the parameters of an open plan as inputs, in the plan itself. What is saved is a new plan, which waits for its own approval. */
import { button, h, shown } from './dom.js';
import { page } from './page.js';

const params = (step) => Object.entries(step.params ?? {});
export const canEdit = (proposal) => proposal.state === 'open' && page.me && proposal.plan.some((step) => params(step).length > 0);

/* The one that is being edited here, not another that was opened meanwhile. */
export const isEdited = (proposal) => page.editing?.id === proposal.id && proposal.state === 'open';

function input(step, number, [name, value]) {
  const id = `param-${number}-${name}`;
  return h('p', { 'data-key': id },
    h('label', { for: id }, shown(name), h('span', { class: 'unseen' }, ` of step ${number}, ${shown(step.action)}`)),
    h('input', { id, value, 'data-param': name, 'data-number': `${number}`, autocomplete: 'off', spellcheck: 'false' }));
}

export const inputs = (step, number) => h('div', { class: 'params' }, params(step).map((param) => input(step, number, param)));

/* `plan` is drawn with the inputs in it. */
export function editForm(proposal, plan) {
  const overtaken = proposal.plan_digest !== page.editing.digest;
  return h('form', { class: 'editing', 'data-key': 'editing', 'aria-label': 'Parameters of the plan' },
    plan,
    overtaken && h('p', { id: 'edit-overtaken', class: 'answer', 'data-tone': 'bad', role: 'alert' }, 'The plan has changed since you began. Cancel, and look again.'),
    h('div', { class: 'buttons' },
      button('saveEdit', 'Save as a new revision', { class: 'main', type: 'submit', disabled: page.sending || overtaken }),
      button('cancelEdit', 'Cancel')));
}

export const editButton = () => h('div', { class: 'buttons' }, button('edit', 'Edit parameters …', { disabled: page.sending }));

/* For each step what was changed in it; the rest keeps its value. */
export function editedParams(proposal) {
  return proposal.plan.map((step, i) => Object.fromEntries(
    [...document.querySelectorAll(`.editing [data-number="${i + 1}"]`)]
      .filter((field) => field.value !== field.defaultValue)
      .map((field) => [field.dataset.param, field.value])));
}
