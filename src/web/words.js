/* The words of states, verdicts and answers: one table each. */

/* Which part of the list a state belongs to, what it says, and whether it ended well. */
export const states = {
  unknown: { part: 'decide', tone: 'bad', says: 'started; how it ended is not known: a person settles it' },
  open: { part: 'decide', tone: 'wait', says: 'waits for a decision' },
  approved: { part: 'running', tone: 'busy', says: 'approved, and not started yet' },
  running: { part: 'running', tone: 'busy', says: 'its steps are being carried out' },
  verifying: { part: 'running', tone: 'busy', says: 'done; watched whether it helped' },
  undoing: { part: 'running', tone: 'busy', says: 'what was done is being undone' },
  verified: { part: 'closed', tone: 'good', says: 'done, and it helped' },
  done: { part: 'closed', tone: 'good', says: 'done; nothing is verified' },
  recurred: { part: 'closed', tone: 'bad', says: 'done, and it failed again' },
  inconclusive: { part: 'closed', tone: 'wait', says: 'done; whether it helped cannot be told' },
  failed: { part: 'closed', tone: 'bad', says: 'a step failed or could not start, and the rest was not started' },
  stale: { part: 'closed', tone: 'wait', says: 'it no longer applied: nothing ran' },
  rejected: { part: 'closed', tone: 'still', says: 'rejected: nothing ran' },
  expired: { part: 'closed', tone: 'still', says: 'nobody decided in time: nothing happened' },
  withdrawn: { part: 'closed', tone: 'still', says: 'its reason is gone: nothing ran' },
  superseded: { part: 'closed', tone: 'still', says: 'another proposal took it in' },
  undone: { part: 'closed', tone: 'good', says: 'what was done was undone' },
  undo_failed: { part: 'closed', tone: 'bad', says: 'undoing failed' },
  undo_unknown: { part: 'closed', tone: 'bad', says: 'how undoing ended is not known' },
};
export const statesOf = (...parts) => Object.keys(states).filter((name) => parts.includes(states[name].part)).join(',');

export const severities = ['critical', 'high', 'medium', 'low'];

/* How sure the diagnosis is. */
export const certainties = {
  confirmed_cause: 'the cause is confirmed',
  likely_cause: 'a likely cause',
  narrowed_cause: 'the cause is narrowed down, not known',
  reproduced_symptom: 'the symptom was reproduced, the cause is not known',
  unresolved: 'unresolved',
};

export const effects = {
  none: 'effect: none',
  write: 'effect: write (changes something here)',
  external: 'effect: external (changes something elsewhere)',
};

/* Where the state of a step is not a word by itself. */
export const steps = { checking: 'its check runs', unknown: 'how it ended is not known', not_started: 'not started' };

export const reasons = {
  wrong_cause: 'Wrong cause',
  wrong_action: 'Wrong action',
  known: 'Known already',
  too_late: 'Too late',
  not_worth_it: 'Not worth it',
};

export const verdicts = {
  approve: 'approved',
  reject: 'rejected',
  ack: 'is on it',
  snooze: 'snoozed it',
  edit: 'edited the plan',
  take_back: 'took the approval back',
  undo: 'told it to be undone',
  settle: 'settled it',
};

export const verifications = {
  none: 'Nothing is verified.',
  ok: 'Verified when it turns ok within',
  quiet: 'Verified when it stays quiet for',
  check: 'Verified by a check within',
};

/* What a refusal means to the one who clicked; the daemon's own sentence stands below it. */
export const answers = {
  0: 'The daemon cannot be reached. Whether it got your decision shows as soon as it answers.',
  400: 'That cannot be decided this way.',
  401: 'You are not signed in (any more). Nothing was decided.',
  403: 'You may not decide this one. Nothing was decided.',
  404: 'There is no such proposal (any more).',
  409: 'Somebody or something was faster. Your decision changed nothing.',
  412: 'The plan has changed since you saw it. Nothing was decided: look at it again.',
  428: 'The plan that you saw was not named. Nothing was decided: look at it again.',
  429: 'Too many tries: wait a minute.',
  503: 'The daemon cannot store this now. Nothing was decided: try again in a moment.',
};
