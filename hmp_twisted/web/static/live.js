// Shows live sources from the bytes as they arrive. Where a browser cannot play them it says so, and
// offers a preview that the server codes anew.
"use strict";

const WAIT_MS = 8000;     // by then a source that can be played has shown a picture
const RETRY_MS = 3000;

class LivePicture {
  constructor(figure) {
    this.figure = figure;
    this.video = figure.querySelector("video");
    this.note = figure.querySelector("[data-note]");
    this.button = figure.querySelector("[data-preview]");
    this.url = figure.dataset.live;
    this.kind = "live";
    this.button.addEventListener("click", () => { this.kind = "preview"; this.open(); });
    this.video.addEventListener("playing", () => this.playing());
  }

  open() {
    this.close();
    if (!window.mpegts || !mpegts.isSupported()) return this.say("This browser cannot play live media.", false);
    this.say(this.kind === "live" ? "Waiting for a picture …" : "Waiting for the preview …", false);
    const config = {
      enableWorker: false, isLive: true, enableStashBuffer: false, lazyLoad: false,
      liveBufferLatencyChasing: true, liveBufferLatencyMaxLatency: 2.5, liveBufferLatencyMinRemain: 0.6,
      autoCleanupSourceBuffer: true, autoCleanupMaxBackwardDuration: 20, autoCleanupMinBackwardDuration: 10,
    };
    this.mpegts = mpegts.createPlayer({ type: "mpegts", isLive: true, url: `${this.url}/${this.kind}` }, config);
    this.mpegts.on(mpegts.Events.ERROR, (type, detail, info) => this.failed(type, info));
    this.mpegts.on(mpegts.Events.LOADING_COMPLETE, () => this.again("The source's stream has ended. It is tried again."));
    this.mpegts.attachMediaElement(this.video);
    this.mpegts.load();
    this.video.play().catch(() => {});
    this.timer = setTimeout(() => this.nothing(), WAIT_MS);
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    if (this.mpegts) { this.mpegts.destroy(); this.mpegts = null; }
  }

  playing() {
    clearTimeout(this.timer);
    if (this.video.videoWidth) this.say(this.kind === "preview" ? "Preview: coded anew, smaller than the source." : "", false);
    else this.nothing();
  }

  nothing() {
    const words = this.kind === "live"
      ? "No picture that this browser can play has come. Either nothing is being sent, or it is of a kind (HEVC, MPEG-2 …) that browsers do not play."
      : "Nothing comes for a preview: is the source being sent?";
    this.say(words, this.kind === "live");
  }

  failed(type, info) {
    const status = info && info.code;
    if (type === mpegts.ErrorTypes.NETWORK_ERROR) {
      this.again(status === 409 ? "The media engine cannot receive this source." : "It is not sent just now. It is tried again.");
    } else {
      this.close();
      this.say("This browser cannot play what the source sends.", this.kind === "live");
    }
  }

  again(words) {
    this.close();
    this.say(words, false);
    this.retry = setTimeout(() => this.open(), RETRY_MS);
  }

  say(words, offerPreview) {
    this.note.textContent = words;
    this.note.hidden = !words;
    this.button.hidden = !offerPreview;
  }
}

for (const figure of document.querySelectorAll("[data-live]")) {
  const picture = new LivePicture(figure);
  figure.picture = picture;
  picture.open();
}
addEventListener("pagehide", () => {
  for (const figure of document.querySelectorAll("[data-live]")) figure.picture?.close();
});
