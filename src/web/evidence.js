/* What is known, and what it rests on: facts beside the evidence that they cite. */
import { h, linked, shown } from './dom.js';
import { time } from './time.js';

const failed = { waiting: 'has not come back', failed: 'gave nothing' };

function head(piece) {
  return [
    h('code', {}, shown(piece.id)), ' ', shown(piece.source || piece.kind),
    failed[piece.state] ? [' ', failed[piece.state]] : [`, ${piece.bytes} bytes`, piece.truncated && ' (not all of it)'],
  ];
}

function pieceView(piece) {
  return h('details', { id: `evidence-${piece.id}`, 'data-key': piece.id, class: 'piece' },
    h('summary', {}, head(piece)),
    h('p', { class: 'facts' },
      h('span', {}, shown(piece.kind)),
      piece.captured_at && h('span', {}, 'taken ', time(piece.captured_at)),
      piece.exit_code !== undefined && h('span', {}, `exit code ${piece.exit_code}`),
      piece.error && h('span', {}, shown(piece.error))),
    piece.text ? h('pre', { class: 'output', tabindex: '0' }, linked(piece.text)) : h('p', {}, 'It is empty.'));
}

/* A click opens what it names (app.js). */
const cite = (id) => h('button', { type: 'button', class: 'cite', 'data-do': 'showEvidence', 'data-id': id, 'aria-label': `Show evidence ${id}` }, shown(id));
const cites = (ids) => (ids ?? []).map((id) => [' ', cite(id)]);

const factView = (fact) => h('li', {}, linked(fact.text), cites(fact.evidence));

function hypothesisView(hypothesis) {
  return h('li', {}, linked(hypothesis.text), hypothesis.result && [' (', shown(hypothesis.result), ')'],
    hypothesis.for?.length && [' for:', cites(hypothesis.for)], hypothesis.against?.length && [' against:', cites(hypothesis.against)]);
}

const listOf = (title, items, view) => items?.length && [h('h3', {}, title), h('ul', {}, items.map(view))];

export function diagnosisView(diagnosis, evidence) {
  return h('section', { 'data-key': 'diagnosis' },
    h('h2', {}, 'What is known'),
    diagnosis && [
      h('ul', {}, (diagnosis.facts ?? []).map(factView)),
      listOf('Supposed', diagnosis.hypotheses, hypothesisView),
      listOf('Not known', diagnosis.proof_gaps, (gap) => h('li', {}, linked(gap))),
      diagnosis.next_evidence && h('p', {}, h('b', {}, 'What would tell: '), linked(diagnosis.next_evidence)),
    ],
    evidence?.length ? [h('h3', {}, 'Evidence'), evidence.map(pieceView)] : null);
}
