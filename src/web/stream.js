/* Hears that something changed, and says in words whether it can hear. What changed is asked for again as a whole, so a gap loses nothing. */
import { openStream } from './api.js';
import { page } from './page.js';
import { absolute, now } from './time.js';

const AGAIN_MS = 5000;
/* What no stream tells: how the channels are, and all of it while nothing can be heard or nobody looks. */
const POLL_MS = 30000;
const names = ['message', 'reset', 'signal', 'task', 'proposal', 'silence', 'flapping', 'event'];

let stream = null;
let lost_ms = 0;

export function listen(onChange, onState) {
  function say(text) {
    if (page.live === text) return;
    page.live = text;
    onState();
  }

  function open() {
    stream?.close();
    stream = openStream();
    stream.onopen = () => {
      lost_ms = 0;
      say('live');
      onChange();
    };
    stream.onerror = () => {
      lost_ms ||= now();
      say(`reconnecting since ${absolute(lost_ms)}`);
      /* Refused for good, as after a sign-out: the browser does not try again by itself. */
      if (stream?.readyState === EventSource.CLOSED) setTimeout(() => !document.hidden && open(), AGAIN_MS);
    };
    for (const name of names) stream.addEventListener(name, onChange);
  }

  /* A browser opens few connections to one address: pages that nobody looks at must not hold them. */
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return open();
    stream?.close();
    stream = null;
  });
  setInterval(onChange, POLL_MS);
  open();
}
