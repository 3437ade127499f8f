/* A plan as it will be carried out: every argument on a line of its own, nothing shortened, nothing rendered twice. */
import { h, linked, shown } from './dom.js';
import { inputs } from './edit.js';
import { time } from './time.js';
import { effects, steps } from './words.js';

/* An argument that is empty or ends in a space would else not be seen. */
const argument = (text) => h('li', {}, h('code', {}, text === '' ? h('i', {}, 'empty') : shown(text)));
const argv = (items) => h('ol', { class: 'argv' }, items.map(argument));

function request({ method, url, headers, json }) {
  return h('div', { class: 'argv' },
    h('p', {}, h('code', {}, shown(method), ' ', shown(url))),
    Object.entries(headers ?? {}).map(([name, value]) => h('p', {}, h('code', {}, shown(name), ': ', shown(value)))),
    json !== undefined && h('pre', { tabindex: '0' }, shown(JSON.stringify(json, null, 2), { lines: true })));
}

const does = (step) => (step.argv ? argv(step.argv) : step.request ? request(step.request) : null);

function limits(step) {
  return h('p', { class: 'facts' },
    h('span', { 'data-effect': step.effect }, effects[step.effect] ?? step.effect),
    h('span', {}, step.undo ? ['undo: ', shown(step.undo)] : step.effect === 'none' ? null : 'cannot be undone'),
    step.timeout_ms && h('span', {}, `at most ${step.timeout_ms / 1000} s`),
    step.user && h('span', {}, 'as user ', shown(step.user)),
    step.env?.length && h('span', {}, 'sees ', shown(step.env.join(', '))));
}

function result(step) {
  if (step.state === 'planned' || !step.state) return null;
  return h('div', { class: 'result' },
    h('p', { class: 'facts' },
      h('span', { 'data-step': step.state }, steps[step.state] ?? step.state),
      step.exit_code !== undefined && h('span', {}, 'exit code ', `${step.exit_code}`),
      step.error && h('span', {}, shown(step.error)),
      step.started && h('span', {}, 'started ', time(step.started)),
      step.finished && h('span', {}, 'ended ', time(step.finished))),
    step.output && h('details', { open: true },
      h('summary', {}, 'Output', step.output_truncated && ' (the middle is left out)'),
      h('pre', { class: 'output', tabindex: '0' }, linked(step.output))));
}

function stepView(step, number, { outcomes, editing }) {
  return h('li', { class: 'step' },
    h('p', {}, h('b', {}, shown(step.action)), step.why && [': ', shown(step.why)]),
    does(step),
    editing && inputs(step, number),
    limits(step),
    step.check?.length && h('details', {}, h('summary', {}, 'Starts only when this check passes'), argv(step.check)),
    outcomes && result(step));
}

export const planView = (plan, how) => h('ol', { class: 'plan' }, plan.map((step, i) => stepView(step, i + 1, how)));

export const digestView = (proposal) => h('span', { class: 'digest', title: proposal.plan_digest },
  'plan ', h('code', {}, proposal.plan_digest.slice(0, 12)), `, revision ${proposal.revision}`);
