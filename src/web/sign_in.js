/* The sign-in page: a token that is typed, or the one-time code of a link. Only the POST of this script signs anybody in: a
 * preview or a scanner that opens the link uses nothing up. */
import { post } from './api.js';

const form = document.getElementById('sign-in');
const answer = document.getElementById('answer');

function say(text, tone) {
  answer.textContent = text;
  answer.dataset.tone = tone;
}

async function signIn(proof, refused) {
  form.querySelector('button').disabled = true;
  say('Asking the daemon …', 'busy');
  try {
    await post('sign-in', proof);
    location.replace(`./${location.hash}`);
  } catch (refusal) {
    form.hidden = false;
    form.querySelector('button').disabled = false;
    say(refusal.status === 401 ? refused : `${refusal.message} ${refusal.detail}`, 'bad');
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn({ token: form.elements.token.value.trim() }, 'This token is nobody’s.');
});

const code = new URLSearchParams(location.search).get('code');
if (code) {
  /* It must not stay in the history. */
  history.replaceState(null, '', location.pathname + location.hash);
  signIn({ code }, 'This link was used already or is older than ten minutes. A restart of the daemon prints a new one.');
} else {
  form.hidden = false;
  form.elements.token.focus();
}
