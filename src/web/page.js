/* What the page knows at the moment. app.js fills it; views only read it. */
export const page = {
  me: null, // who is signed in: {name, …}; null: nobody
  status: null,
  live: 'connecting', // in words
  proposals: [], // those that are not over, and the newest that are
  loaded: false,
  chosen: null, // {proposal, task}, or {missing}
  note: null, // {id, tone, text}: what the last decision came to
  sending: false,
  editing: null, // {id, digest}: the plan whose parameters are inputs, as it was when they became so
};

/* #/proposals/ID, #/signals, #/signals/ID, #/events, #/events/ID, #/silences, #/silences/ID */
export function route() {
  const [, tab = 'proposals', id = ''] = decodeURIComponent(location.hash).split('/');
  return { tab: ['proposals', 'signals', 'events', 'silences'].includes(tab) ? tab : 'proposals', id };
}
