// Shows live sources from the bytes as they arrive. What a browser cannot play it names, by what the
// source's tables say, and offers a preview that the server codes anew.
"use strict";

const MOST_AT_ONCE = 4;   // a browser opens six connections to a server, and buttons need some
const ASK_MS = 400;
const SILENT_MS = 6000;   // by then a source that is being sent has told what it holds
const PREVIEW_MS = 15000;
const RETRY_MS = 3000;

const CONFIG = {
  enableWorker: false, isLive: true, enableStashBuffer: false, lazyLoad: false,
  liveBufferLatencyChasing: true, liveBufferLatencyMaxLatency: 2.5, liveBufferLatencyMinRemain: 0.6,
  autoCleanupSourceBuffer: true, autoCleanupMaxBackwardDuration: 20, autoCleanupMinBackwardDuration: 10,
};

const plays = (stream) => Boolean(stream.mime) && MediaSource.isTypeSupported(stream.mime);
const names = (streams) => [...new Set(streams.map((one) => one.name))].join(", ");

class LivePicture {
  constructor(figure) {
    this.figure = figure;
    this.video = figure.querySelector("video");
    this.note = figure.querySelector("[data-note]");
    this.button = figure.querySelector("[data-preview]");
    this.url = figure.dataset.live;
    this.kind = "live";
    this.isOn = false;
    this.button.addEventListener("click", () => { this.kind = "preview"; this.open(); });
    this.video.addEventListener("playing", () => this.playing());
  }

  get isHeard() { return !this.video.muted || document.pictureInPictureElement === this.video; }

  // Muted pictures rest while nobody can see them.
  get isWanted() { return this.isHeard || (this.inView && !document.hidden); }

  // How far it is from the middle of the window, up or down; what is heard comes first.
  get distance() {
    const box = this.figure.getBoundingClientRect();
    return this.isHeard ? -1 : Math.abs(box.top + box.bottom - innerHeight);
  }

  open() {
    this.close();
    this.isOn = true;
    if (!window.mpegts || !mpegts.isSupported()) return this.say("This browser cannot play live media.", false);
    this.say(this.kind === "live" ? "Waiting for a picture …" : "Waiting for the preview …", false);
    const source = { type: "mpegts", isLive: true, url: `${this.url}/${this.kind}` };
    const player = this.player = mpegts.createPlayer(source, CONFIG);
    player.on(mpegts.Events.ERROR, (type, detail, info) => { if (player === this.player) this.failed(type, info); });
    player.on(mpegts.Events.LOADING_COMPLETE, () => { if (player === this.player) this.again("It is not sent just now. It is tried again."); });
    player.attachMediaElement(this.video);
    player.load();
    this.video.play().catch(() => {});
    if (this.kind === "live") this.learn(player, performance.now());
    else this.timer = setTimeout(() => this.say("Nothing comes for a preview: is the source being sent?", false), PREVIEW_MS);
  }

  close() {
    clearTimeout(this.timer);
    this.isOn = false;
    const player = this.player;
    this.player = null;
    if (player) player.destroy();
  }

  // What the source holds: asked until it is known. Gives nothing once another player runs.
  async learn(player, since) {
    const answer = await fetch(`${this.url}/streams`).catch(() => null);
    if (player !== this.player) return;
    if (answer && (answer.redirected || answer.status === 401)) return this.give("You are signed out. Load the page again.");
    if (answer && (answer.status === 403 || answer.status === 404)) return this.give("You may not watch this any more.");
    const streams = answer && answer.ok ? await answer.json() : [];
    if (player !== this.player) return;
    if (streams.length) return this.judge(streams);
    if (performance.now() - since > SILENT_MS) this.say("Nothing has come yet: is the source being sent?", false);
    this.timer = setTimeout(() => this.learn(player, since), ASK_MS);
  }

  judge(streams) {
    const words = this.unplayable(streams);
    if (words) return this.cannot(words);
    if (!streams.some((one) => one.kind === "picture")) this.say(`There is no picture, only sound (${names(streams)}).`, false);
  }

  // Why this browser cannot play these streams, as far as their tables tell.
  unplayable(streams) {
    const pictures = streams.filter((one) => one.kind === "picture");
    const sounds = streams.filter((one) => one.kind === "sound");
    if (pictures.length && !pictures.some(plays)) return `The picture is ${names(pictures)}, which this browser cannot play.`;
    if (sounds.length && !sounds.some(plays)) return `The sound is ${names(sounds)}, which this browser cannot play.`;
    return pictures.length || sounds.length ? "" : `It holds neither picture nor sound that is known here (${names(streams)}).`;
  }

  async failed(type, info) {
    if (type === mpegts.ErrorTypes.NETWORK_ERROR) {
      const words = { 409: "The media engine cannot receive this source.", 503: "Too many previews run already." };
      return this.again(`${words[info?.code] ?? "It is not sent just now."} It is tried again.`);
    }
    const player = this.player;
    const answer = await fetch(`${this.url}/streams`).catch(() => null);
    const streams = answer && answer.ok && !answer.redirected ? await answer.json() : [];
    if (player !== this.player) return;
    const held = streams.filter((one) => one.kind !== "other");
    this.cannot((held.length && this.unplayable(streams)) || `This browser cannot play what the source sends${held.length ? ` (${names(held)})` : ""}.`);
  }

  playing() {
    if (!this.video.videoWidth) return;
    clearTimeout(this.timer);
    this.say(this.kind === "preview" ? "Preview: coded anew, smaller than the source." : "", false);
  }

  cannot(words) {
    this.give(words);
    this.button.hidden = this.kind !== "live";
  }

  give(words) {
    this.close();
    this.isOn = true;  // there is nothing to be opened again
    this.say(words, false);
  }

  again(words) {
    this.close();
    this.isOn = true;
    this.say(words, false);
    this.timer = setTimeout(() => this.open(), RETRY_MS);
  }

  rest(words) {
    this.close();
    this.say(words, false);
  }

  say(words, offerPreview) {
    this.note.textContent = words;
    this.note.hidden = !words;
    this.button.hidden = !offerPreview;
  }
}

const pictures = [...document.querySelectorAll("[data-live]")].map((figure) => {
  figure.picture = new LivePicture(figure);
  return figure.picture;
});

function arrange() {
  const wanted = pictures.filter((one) => one.isWanted).sort((a, b) => a.distance - b.distance);
  const chosen = new Set(wanted.slice(0, MOST_AT_ONCE));
  for (const one of pictures) {
    if (chosen.has(one)) { if (!one.isOn) one.open(); }
    else if (one.isOn) one.rest("");
    if (!chosen.has(one) && wanted.includes(one)) one.rest(`${MOST_AT_ONCE} pictures play at a time; scroll to this one.`);
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.target.picture.inView = entry.isIntersecting;
  arrange();
});
for (const figure of document.querySelectorAll("[data-live]")) watcher.observe(figure);
document.addEventListener("visibilitychange", arrange);
document.addEventListener("scrollend", arrange);
addEventListener("pagehide", () => pictures.forEach((one) => one.close()));
