/* Elements out of plain calls. Whatever is shown becomes a text node: nothing from outside is ever read as markup.
 *
 * Views are functions that return elements; `patch` makes what stands there equal to them and leaves the rest alone, so that the
 * focus, an opened <details> and a half-written note survive a change. Listeners are therefore not on elements but on the document:
 * `data-do="approve"` names one of the page's actions (app.js). */

export function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(Boolean));
  return element;
}

/* Foreign text as everywhere in Vedette: what turns, hides or moves text is seen as its bytes. */
export function shown(text, { lines = false } = {}) {
  return String(text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (lines && (character === '\n' || character === '\t')) return character;
    return [...new TextEncoder().encode(character)].map((byte) => '\\x' + byte.toString(16).padStart(2, '0')).join('');
  });
}

/* Only addresses of the web are links; the text is the address itself, so that it cannot claim to be another. */
export function link(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return shown(address);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return shown(address);
  return h('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank' }, shown(address));
}

/* Text with the addresses in it as links. */
export function linked(text) {
  return String(text ?? '').split(/(https?:\/\/[^\s<>"'`\\)\]}]+)/).map((part, i) => (i % 2 ? link(part) : shown(part, { lines: true })));
}

export function button(action, label, attributes) {
  return h('button', { type: 'button', 'data-do': action, ...attributes }, label);
}

function patchAttributes(old, made) {
  for (const { name } of [...old.attributes]) {
    /* Whether it is open is the reader's. */
    if (!made.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS')) old.removeAttribute(name);
  }
  for (const { name, value } of [...made.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute('data-key') : null);

function patchNode(old, made) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== made.data) old.data = made.data;
    return;
  }
  patchAttributes(old, made);
  patchChildren(old, [...made.childNodes]);
}

function patchChildren(place, made) {
  const wanted = new Set(made.map(keyOf));
  const keyed = new Map();
  for (const child of [...place.children]) {
    if (keyOf(child) === null) continue;
    if (wanted.has(keyOf(child))) keyed.set(keyOf(child), child);
    else child.remove();
  }
  let at = place.firstChild;
  for (const child of made) {
    let match = keyed.get(keyOf(child));
    if (keyOf(child) === null && at && keyOf(at) === null && at.nodeName === child.nodeName) match = at;
    if (!match || match.nodeName !== child.nodeName) {
      place.insertBefore(child, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else place.insertBefore(match, at);
    patchNode(match, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/* Makes the children of `place` equal to `made`. */
export function patch(place, ...made) {
  const focused = document.activeElement;
  patchChildren(place, made.flat(Infinity).filter(Boolean).map((node) => (typeof node === 'string' ? new Text(node) : node)));
  /* An element that moves loses the focus. */
  if (focused && focused !== document.activeElement && place.contains(focused)) focused.focus({ preventScroll: true });
}
