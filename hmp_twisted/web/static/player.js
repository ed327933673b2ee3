// Plays a recording: every track, in step, by the recording's own clock. The first track leads, the
// others follow. hls.js feeds the browser with parts of the files as they were recorded.
"use strict";

const player = document.querySelector("[data-player]");
const DRIFT_S = 0.25;   // followers that are further off are moved
const AGAIN_MS = 1000;
const NUDGE_S = 0.04;   // those further off than this run a little faster or slower

class Track {
  constructor(figure) {
    this.figure = figure;
    this.video = figure.querySelector("video");
    this.note = figure.querySelector("[data-note]");
    this.stretches = [];
    this.streams = [];
    this.recoveries = 0;
  }

  async open() {
    const base = this.figure.dataset.track;
    const [clock, streams] = await Promise.all([fetch(`${base}/clock`), fetch(`${base}/streams`)]);
    if (!clock.ok || !streams.ok) return this.say("This track cannot be read.");
    this.streams = await streams.json();
    this.stretches = await clock.json();
    if (!this.stretches.length) return this.wait();
    if (!window.Hls || !Hls.isSupported()) return this.say("This browser cannot play it here. Download it instead.");
    this.note.hidden = true;
    const cannot = this.unplayable;
    if (cannot) return this.say(cannot);
    this.hls = new Hls({ enableWorker: true, maxBufferLength: 20, backBufferLength: 30, startPosition: 0 });
    this.hls.on(Hls.Events.ERROR, (_, data) => this.failed(data));
    this.hls.on(Hls.Events.LEVEL_UPDATED, (_, data) => { if (data.details.live) this.grow(); });
    this.hls.loadSource(`${base}/index.m3u8`);
    this.hls.attachMedia(this.video);
    this.video.addEventListener("loadedmetadata", () => this.look());
  }

  // Of a recording in progress the first seconds may still be to come.
  wait() {
    if (this.figure.dataset.grows === undefined) return this.say("This track holds no media.");
    this.say("Its first seconds are being recorded …");
    setTimeout(() => this.open(), AGAIN_MS);
  }

  // The recording goes on: more of its clock is known.
  async grow() {
    const clock = await fetch(`${this.figure.dataset.track}/clock`).catch(() => null);
    if (clock && clock.ok) this.stretches = await clock.json();
  }

  // Why nothing of it can be played here, by what its tables say; empty if something can.
  get unplayable() {
    const held = this.streams.filter((one) => one.kind !== "other");
    const pictures = held.filter((one) => one.kind === "picture");
    const wanted = pictures.length ? pictures : held;
    if (!wanted.length || wanted.some((one) => one.mime && MediaSource.isTypeSupported(one.mime))) return "";
    const names = [...new Set(wanted.map((one) => one.name))].join(", ");
    const what = pictures.length ? "picture" : "sound";
    return `The ${what} is ${names}, which this browser cannot play. Download it, or stream it to a player.`;
  }

  look() {
    this.say(this.video.videoWidth > 0 ? "" : "It has no picture, only sound.");
  }

  failed(data) {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.recoveries < 3) {
      this.recoveries += 1;
      this.hls.recoverMediaError();
      return;
    }
    const words = data.type === Hls.ErrorTypes.NETWORK_ERROR
      ? "The server does not send it. Load the page again."
      : "This browser cannot play what was recorded. Download it, or stream it to a player.";
    this.say(words);
  }

  say(words) {
    this.note.textContent = words;
    this.note.hidden = !words;
  }

  // The recording's clock at a second of the player, and back.
  clockAt(time) {
    let found = this.stretches[0];
    for (const stretch of this.stretches) if (stretch[0] <= time) found = stretch;
    return found ? found[1] + Math.max(0, time - found[0]) : time;
  }

  timeAt(clock) {
    let found = this.stretches[0];
    for (const stretch of this.stretches) if (stretch[1] <= clock) found = stretch;
    if (!found) return 0;
    return found[0] + Math.min(Math.max(0, clock - found[1]), Math.max(0, found[2] - 0.05));
  }

  get clock() { return this.clockAt(this.video.currentTime); }
}

function follow(leader, followers) {
  for (const { video, timeAt } of followers.map((t) => ({ video: t.video, timeAt: (c) => t.timeAt(c) }))) {
    if (video.readyState < 1) continue;
    const off = timeAt(leader.clock) - video.currentTime;
    if (Math.abs(off) > DRIFT_S) {
      video.currentTime += off;
      video.playbackRate = leader.video.playbackRate;
    } else {
      const nudge = Math.abs(off) > NUDGE_S ? Math.sign(off) * 0.05 : 0;
      video.playbackRate = leader.video.playbackRate * (1 + nudge);
    }
    if (leader.video.paused !== video.paused) leader.video.paused ? video.pause() : video.play().catch(() => {});
  }
}

function start(box) {
  const tracks = [...box.querySelectorAll("[data-track]")].map((figure) => new Track(figure));
  if (!tracks.length) return;
  const [leader, ...followers] = tracks;
  for (const track of tracks) track.open();
  for (const event of ["play", "pause", "seeked", "ratechange"]) {
    leader.video.addEventListener(event, () => follow(leader, followers));
  }
  setInterval(() => follow(leader, followers), 200);

  const shown = box.querySelector("[data-player-clock]");
  leader.video.addEventListener("timeupdate", () => { shown.textContent = clockText(leader.clock); });

  const seek = (clock) => {
    leader.video.currentTime = leader.timeAt(clock);
    leader.video.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-seek]");
    if (to) seek(Number(to.dataset.seek));
    const take = event.target.closest("[data-take-time]");
    if (take) {
      const field = document.querySelector(`[name="${take.dataset.takeTime}"]`);
      if (field) field.value = clockText(leader.clock);
    }
  });
  box.recording = { tracks, leader, seek };  // for tests, and for who looks with the browser's tools
}

if (player) start(player);
