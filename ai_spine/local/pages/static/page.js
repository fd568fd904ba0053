// Keeps a page of the local server up to date: it asks for the page again and takes over what has
// changed in the parts marked data-live. Everything works without it, but for that.
"use strict";

(() => {
  const main = document.querySelector("main");
  const lost = document.getElementById("lost");
  const pause = document.getElementById("pause");
  const byHand = document.getElementById("again");
  const AT_ONCE = 100; // milliseconds: events that come together are one look
  const LOST_EVERY = 5000;
  let source = null;
  let clock = null; // the next look by the clock
  let news = null; // the next look because of an event
  let asking = false;
  let again = false;
  let paused = false;
  let isLost = false;

  // Makes one element like another and keeps what is alike, and with it focus and selection.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeName !== fresh.nodeName) {
      old.replaceWith(document.importNode(fresh, true));
    } else if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
    } else {
      morphAttributes(old, fresh);
      morphChildren(old, fresh);
    }
  }

  function morphAttributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      const isUsers = name === "open" && old.nodeName === "DETAILS";
      if (!fresh.hasAttribute(name) && !isUsers) old.removeAttribute(name);
    }
  }

  function morphChildren(old, fresh) {
    let place = old.firstChild;
    for (const child of fresh.childNodes) {
      const same = child.id && [...old.children].find((known) => known.id === child.id);
      if (same && same !== place) old.insertBefore(same, place);
      const match = same || (place && !place.id && !child.id ? place : null);
      if (match) {
        place = match.nextSibling;
        morph(match, child);
      } else {
        old.insertBefore(document.importNode(child, true), place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function tell(words) {
    if (lost && lost.textContent !== words) lost.textContent = words;
  }

  async function look() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload(); // to sign in again
    if (!answer.ok) throw Object.assign(new Error(), { status: answer.status });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (fresh) morph(old, fresh);
    }
    document.title = page.title;
    for (const name of ["every", "stream", "otherwise"]) {
      const value = page.querySelector("main").dataset[name];
      if (value === undefined) delete main.dataset[name];
      else main.dataset[name] = value;
    }
  }

  async function update() {
    if (asking) {
      news = null;
      again = true;
      return;
    }
    asking = true;
    clearTimeout(clock);
    clearTimeout(news);
    news = null;
    try {
      await look();
      isLost = false;
      tell("");
    } catch (error) {
      isLost = true;
      const did = error.status ? `responds with ${error.status}` : "does not respond";
      const words = error.status === 404 ? "no longer knows this" : did;
      tell(`The server ${words}. What is shown here may be old.`);
    }
    asking = false;
    follow();
    if (again) soon();
    again = false;
  }

  function soon() {
    if (!paused && news === null) news = setTimeout(update, AT_ONCE);
  }

  // Goes on for as long as the page says that there is something to follow.
  function follow() {
    clearTimeout(clock);
    const { every, stream, otherwise } = main.dataset;
    if (!stream || paused) stop();
    else if (!source) start(stream);
    if (pause) pause.hidden = !every;
    if (!every || paused || document.hidden) return;
    const streams = source && source.readyState === EventSource.OPEN;
    const pace = stream && !streams ? otherwise : every;
    clock = setTimeout(update, isLost ? LOST_EVERY : Number(pace));
  }

  function start(stream) {
    source = new EventSource(stream);
    for (const kind of ["node", "execution", "progress", "log"]) source.addEventListener(kind, soon);
  }

  function stop() {
    if (source) source.close();
    source = null;
  }

  // A form that is sent twice by a double click does things once.
  for (const form of document.querySelectorAll("form[data-once]")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
    addEventListener("pageshow", () => { sent = false; });
  }

  if (pause) {
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? "Resume updates" : "Pause updates";
      if (paused) follow();
      else update();
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || paused) follow();
    else if (main.dataset.every) update();
  });
  if (byHand) byHand.hidden = true;
  follow();
})();
