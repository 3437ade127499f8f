/* The page's only way to the daemon: the public HTTP API, as the command line uses it. */
import { followServer } from './time.js';
import { answers } from './words.js';

/* An answer other than 2xx, or none. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(answers[status] ?? `The daemon answered ${status}.`);
    this.status = status;
    this.detail = problem?.detail ?? '';
    this.proposal = problem?.proposal;
  }
}

/* Relative to the page, so that it works below a path of a proxy as well. */
const address = (path) => new URL(`api/v1/${path}`, document.baseURI).href;

async function send(path, options) {
  let answer;
  try {
    answer = await fetch(address(path), { cache: 'no-store', redirect: 'error', ...options });
  } catch {
    throw new Refusal(0);
  }
  followServer(answer.headers.get('Date'));
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => null));
  return answer;
}

/* A number that JavaScript would round stays as it was written: what is approved is shown exactly. */
const exact = (key, value, context) => (Math.abs(value) > Number.MAX_SAFE_INTEGER && context?.source ? JSON.rawJSON(context.source) : value);

export const get = async (path) => JSON.parse(await (await send(path)).text(), exact);
export const list = async (path) => (await get(path)).items;

export async function post(path, body) {
  const answer = await send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  return answer.json().catch(() => ({}));
}

export const remove = async (path) => (await send(path, { method: 'DELETE' })).json().catch(() => ({}));

export const openStream = () => new EventSource(address('stream'));
