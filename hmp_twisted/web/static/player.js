// Plays a recording: every track, in step, by the recording's own clock. The first track leads, the
// others follow. hls.js feeds the browser with parts of the files as they were recorded.
"use strict";

const player = document.querySelector("[data-player]");
const DRIFT_S = 0.25;   // followers that are further off are moved
const NUDGE_S = 0.04;   // those further off than this run a little faster or slower

class Track {
  constructor(figure) {
    this.figure = figure;
    this.video = figure.querySelector("video");
    this.note = figure.querySelector("[data-note]");
    this.stretches = [];
    this.recoveries = 0;
  }

  async open() {
    const base = this.figure.dataset.track;
    const answer = await fetch(`${base}/clock`);
    if (!answer.ok) return this.say("This track cannot be read.");
    this.stretches = await answer.json();
    if (!this.stretches.length) return this.say("This track holds no media.");
    if (!window.Hls || !Hls.isSupported()) return this.say("This browser cannot play it here. Download it instead.");
    this.hls = new Hls({ enableWorker: true, maxBufferLength: 20, backBufferLength: 30 });
    this.hls.on(Hls.Events.ERROR, (_, data) => this.failed(data));
    this.hls.loadSource(`${base}/index.m3u8`);
    this.hls.attachMedia(this.video);
    this.video.addEventListener("loadedmetadata", () => this.look());
  }

  look() {
    const pictures = this.video.videoWidth > 0;
    this.say(pictures ? "" : "It has no picture that this browser can play: there may be none, or it is of a kind (MPEG-2, HEVC …) that browsers do not play. Download it, or stream it to a player.");
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
