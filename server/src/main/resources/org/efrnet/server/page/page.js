'use strict';
// One page, no library: asks /v1/models what there is, sends pictures to /v1/segment, camera frames to
// /v1/live, and draws the class map that comes back in runs.

const $ = id => document.getElementById(id);
const state = {models: [], limits: {}, file: null, name: '', views: [], turn: 0, asked: 0, live: null};

const percent = share => share > 0 && share < 0.0005 ? '<0.1 %' : (100 * share).toFixed(1) + ' %';
const numbers = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));

function complain(text) {
  $('message').textContent = text;
  $('message').hidden = !text;
}

function say(text) {
  $('status').textContent = text;
}

/** A class map out of runs: class id, pixels, class id, pixels, ... */
function unpack(result) {
  const ids = new Uint8Array(result.width * result.height);
  let at = 0;
  for (let i = 0; i < result.runs.length; i += 2) {
    ids.fill(result.runs[i], at, at + result.runs[i + 1]);
    at += result.runs[i + 1];
  }
  return ids;
}

/** One picture under one model: a canvas, what is drawn on it, and what is known of it. */
class View {
  constructor(model) {
    this.model = model;
    this.figure = document.createElement('figure');
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', 'Waiting for ' + model.name);
    this.caption = document.createElement('figcaption');
    this.caption.textContent = model.name;
    this.figure.append(this.canvas, this.caption);
    this.canvas.addEventListener('pointermove', e => this.point(e));
    this.canvas.addEventListener('pointerleave', () => pointed(null));
    this.colours = model.classes.map(c => numbers(c.colour));
  }

  /** @param picture what to draw below, or null where this browser cannot show the file */
  show(picture, result) {
    this.result = result;
    this.ids = unpack(result);
    this.canvas.width = result.width;
    this.canvas.height = result.height;
    this.picture = picture;
    const pixels = new Uint8ClampedArray(4 * this.ids.length);
    for (let i = 0; i < this.ids.length; i++) {
      const colour = this.colours[this.ids[i]] || [0, 0, 0];
      pixels[4 * i] = colour[0];
      pixels[4 * i + 1] = colour[1];
      pixels[4 * i + 2] = colour[2];
      pixels[4 * i + 3] = 255;
    }
    this.mask = document.createElement('canvas');
    this.mask.width = result.width;
    this.mask.height = result.height;
    this.mask.getContext('2d').putImageData(new ImageData(pixels, result.width, result.height), 0, 0);
    const seen = result.classes.filter(c => c.share >= 0.005).sort((a, b) => b.share - a.share);
    this.canvas.setAttribute('aria-label', state.name + ', segmented by ' + this.model.name + ': '
        + seen.map(c => c.name + ' ' + percent(c.share)).join(', '));
    this.draw();
  }

  draw() {
    if (!this.result) {
      return;
    }
    const context = this.canvas.getContext('2d');
    const {width, height} = this.canvas;
    context.globalAlpha = 1;
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    if (this.picture) {
      context.drawImage(this.picture, 0, 0, width, height);
    }
    const edge = Math.round(width * $('wipe').value / 100);
    if (edge > 0) {
      context.globalAlpha = $('opacity').value / 100;
      context.drawImage(this.mask, 0, 0, edge, height, 0, 0, edge, height);
      context.globalAlpha = 1;
    }
    if (edge > 0 && edge < width) {
      context.fillStyle = '#fff';
      context.fillRect(edge - Math.max(1, width / 500), 0, Math.max(2, width / 250), height);
    }
  }

  point(event) {
    if (!this.result) {
      return;
    }
    // The canvas may be letterboxed inside its box.
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.min(box.width / this.canvas.width, box.height / this.canvas.height);
    const x = Math.floor((event.clientX - box.left - (box.width - scale * this.canvas.width) / 2) / scale);
    const y = Math.floor((event.clientY - box.top - (box.height - scale * this.canvas.height) / 2) / scale);
    const inside = x >= 0 && y >= 0 && x < this.canvas.width && y < this.canvas.height;
    pointed(inside ? this.model.classes[this.ids[y * this.canvas.width + x]] : null, x, y);
  }
}

function pointed(type, x, y) {
  $('under').textContent = type ? type.name + ' at ' + x + ', ' + y : 'Point at the picture to name a class.';
  for (const line of document.querySelectorAll('#legend li.class')) {
    line.classList.toggle('pointed', Boolean(type) && line.dataset.name === type.name);
  }
}

function legend(model, result) {
  const lines = result.classes.filter(c => c.share > 0).sort((a, b) => b.share - a.share).map(c => {
    const line = document.createElement('li');
    line.className = 'class';
    line.dataset.name = c.name;
    const swatch = document.createElement('canvas');
    swatch.width = swatch.height = 1;
    const context = swatch.getContext('2d');
    context.fillStyle = model.classes[c.id].colour;
    context.fillRect(0, 0, 1, 1);
    swatch.setAttribute('aria-hidden', 'true');
    const name = document.createElement('span');
    name.textContent = c.name;
    const share = document.createElement('span');
    share.className = 'share';
    share.textContent = percent(c.share);
    line.append(swatch, name, share);
    return line;
  });
  $('legend').replaceChildren(...lines);
}

function times(result) {
  const table = document.createElement('table');
  const titles = {decode: 'decode', prepare: 'prepare', network: 'network', finish: 'class map', total: 'all'};
  for (const [stage, title] of Object.entries(titles)) {
    const row = table.insertRow();
    row.className = stage === 'total' ? 'all' : '';
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = title;
    row.append(head);
    row.insertCell().textContent = result.millis[stage].toFixed(1) + ' ms';
  }
  const how = document.createElement('p');
  how.className = 'soft';
  how.textContent = result.engine + ', ' + result.precision + ', ' + result.threads
      + (result.threads === 1 ? ' thread' : ' threads');
  $('times').replaceChildren(table, how);
}

function chosen() {
  const first = state.models[$('model').selectedIndex];
  return $('compare').checked ? [first, ...state.models.filter(m => m !== first)] : [first];
}

function layOut(models) {
  state.views = models.map(model => new View(model));
  $('views').replaceChildren(...state.views.map(view => view.figure));
  $('drop').hidden = true;
  $('views').hidden = false;
}

async function ask(model, file, accept) {
  const response = await fetch('v1/segment?model=' + encodeURIComponent(model.name),
      {method: 'POST', body: file, headers: {'Accept': accept, 'Content-Type': 'application/octet-stream'}});
  if (!response.ok) {
    let problem = {};
    try {
      problem = await response.json();
    } catch (e) {
      // Something between us and the service answered.
    }
    throw new Error(problem.title ? problem.title + ': ' + problem.detail : 'The service answered ' + response.status);
  }
  return response;
}

/** Segments the file that was chosen last with the models that are chosen. */
async function segment() {
  if (!state.file || !state.models.length) {
    return;
  }
  const turn = ++state.turn;
  const file = state.file;
  complain('');
  if (state.limits.bodyBytes && file.size > state.limits.bodyBytes) {
    complain('The picture is too large: ' + state.name + ' has ' + (file.size / 1048576).toFixed(1)
        + ' MiB, this service takes ' + (state.limits.bodyBytes / 1048576).toFixed(0) + ' MiB.');
    return;
  }
  $('busy').hidden = false;
  say('Segmenting ' + state.name);
  try {
    let picture = null;
    try {
      picture = await createImageBitmap(file);
    } catch (e) {
      // The service reads more types than browsers show.
    }
    const models = chosen();
    const results = [];
    for (const model of models) {
      const response = await ask(model, file, 'application/json;mask=runs');
      results.push(await response.json());
    }
    if (turn !== state.turn) {
      return;
    }
    layOut(models);
    state.views.forEach((view, i) => view.show(picture, results[i]));
    legend(models[0], results[0]);
    times(results[0]);
    $('get-overlay').disabled = $('get-mask').disabled = false;
    say(state.views[0].canvas.getAttribute('aria-label'));
  } catch (e) {
    if (turn === state.turn) {
      complain(state.name + ': ' + (e instanceof TypeError ? 'the service cannot be reached; is it still running?' : e.message));
    }
  } finally {
    if (turn === state.turn) {
      $('busy').hidden = true;
    }
  }
}

function take(file, name) {
  stopCamera();
  state.asked++;
  state.file = file;
  state.name = name || file.name || 'The picture';
  segment();
}

async function download(accept, ending) {
  try {
    const response = await ask(chosen()[0], state.file, accept);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await response.blob());
    link.download = state.name.replace(/\.[^.]*$/, '') + ending;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (e) {
    complain(e.message);
  }
}

async function startCamera() {
  complain('');
  // While the browser asks, the button can be pressed again or a picture be chosen instead.
  const asked = ++state.asked;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 480}, audio: false});
  } catch (e) {
    complain('The camera cannot be used: ' + (navigator.mediaDevices ? e.message
        : 'browsers allow it on https and on this machine itself only') + '.');
    return;
  }
  const model = chosen()[0];
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  try {
    await video.play();
  } catch (e) {
    stream.getTracks().forEach(track => track.stop());
    complain('The camera shows nothing: ' + e.message + '.');
    return;
  }
  if (asked !== state.asked || !model) {
    stream.getTracks().forEach(track => track.stop());
    return;
  }
  const turn = ++state.turn;
  state.file = null;
  state.name = 'The camera';
  $('get-overlay').disabled = $('get-mask').disabled = true;
  const address = new URL('v1/live?model=' + encodeURIComponent(model.name), location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  const frames = new Map();
  const shown = [];
  const grab = document.createElement('canvas');
  let sent = 0;
  let waiting = 0;
  let heard = performance.now();
  state.live = {stream, socket, stop: false};
  const live = state.live;
  layOut([model]);
  $('camera').setAttribute('aria-pressed', 'true');
  $('camera').textContent = 'Stop the camera';
  $('fps').hidden = false;
  $('fps').textContent = 'waiting for the first frame';

  const next = () => {
    if (live.stop || socket.readyState !== WebSocket.OPEN || !video.videoWidth) {
      return;
    }
    // One frame under way and one behind it: the service is never idle, what is shown never old.
    if (waiting >= 2 && performance.now() - heard < 2000) {
      return;
    }
    if (waiting >= 2) {
      // A busy service drops frames and says nothing of them.
      waiting = 0;
      heard = performance.now();
    }
    waiting++;
    grab.width = video.videoWidth;
    grab.height = video.videoHeight;
    grab.getContext('2d').drawImage(video, 0, 0);
    const bitmap = createImageBitmap(grab);
    grab.toBlob(async blob => {
      const picture = await bitmap;
      if (live.stop || socket.readyState !== WebSocket.OPEN) {
        return;
      }
      frames.set(++sent, picture);
      socket.send(blob);
    }, 'image/jpeg', 0.85);
  };
  const ticks = setInterval(next, 15);
  socket.onmessage = event => {
    const result = JSON.parse(event.data);
    heard = performance.now();
    const picture = frames.get(result.frame);
    let answered = 0;
    for (const number of [...frames.keys()]) {
      if (number <= result.frame) {
        frames.delete(number);
        answered++;
      }
    }
    waiting = Math.max(0, waiting - answered);
    if (live.stop || turn !== state.turn) {
      return;
    }
    if (result.status) {
      complain(result.title + ': ' + result.detail);
      return;
    }
    state.views[0].show(picture || null, result);
    legend(model, result);
    times(result);
    const now = performance.now();
    shown.push(now);
    while (shown[0] < now - 2000) {
      shown.shift();
    }
    const span = (now - shown[0]) / 1000;
    if (span > 0) {
      $('fps').textContent = ((shown.length - 1) / span).toFixed(1) + ' fps, '
          + result.dropped + (result.dropped === 1 ? ' frame' : ' frames') + ' dropped';
    }
  };
  socket.onclose = event => {
    clearInterval(ticks);
    if (!live.stop) {
      stopCamera();
      complain('The stream ended: ' + (event.reason || 'the service refused it or went away') + '.');
    }
  };
}

function stopCamera() {
  if (!state.live) {
    return;
  }
  const live = state.live;
  state.live = null;
  live.stop = true;
  live.stream.getTracks().forEach(track => track.stop());
  live.socket.close();
  state.turn++;
  $('camera').setAttribute('aria-pressed', 'false');
  $('camera').textContent = 'Use the camera';
  $('fps').hidden = true;
}

function slide(id) {
  const slider = $(id);
  const show = () => {
    $(id + '-out').textContent = slider.value + ' %';
    state.views.forEach(view => view.draw());
  };
  slider.addEventListener('input', show);
  show();
}

async function begin() {
  slide('opacity');
  slide('wipe');
  $('file').addEventListener('change', e => {
    if (e.target.files.length) {
      take(e.target.files[0]);
    }
    e.target.value = '';
  });
  $('sample').addEventListener('click', async () => take(await (await fetch('sample.jpg')).blob(), 'street.jpg'));
  $('camera').addEventListener('click', () => state.live ? stopCamera() : startCamera());
  $('model').addEventListener('change', () => {
    if (state.live) {
      stopCamera();
      startCamera();
    } else {
      segment();
    }
  });
  $('compare').addEventListener('change', segment);
  $('get-overlay').addEventListener('click', () => download('image/png', '.overlay.png'));
  $('get-mask').addEventListener('click', () => download('image/png;content=mask', '.mask.png'));
  addEventListener('paste', e => {
    const file = [...e.clipboardData.files][0];
    if (file) {
      take(file, file.name || 'pasted.png');
    }
  });
  addEventListener('dragover', e => {
    e.preventDefault();
    $('stage').classList.add('over');
  });
  addEventListener('dragleave', e => {
    if (!e.relatedTarget) {
      $('stage').classList.remove('over');
    }
  });
  addEventListener('drop', e => {
    e.preventDefault();
    $('stage').classList.remove('over');
    const file = e.dataTransfer.files[0];
    if (file) {
      take(file);
    } else {
      complain('What was dropped is not a file; drop a picture, or choose it.');
    }
  });
  try {
    const response = await fetch('v1/models');
    const known = await response.json();
    if (!response.ok) {
      throw new Error(known.detail);
    }
    state.models = known.models;
    state.limits = known.limits;
    $('model').replaceChildren(...known.models.map(model => new Option(model.name)));
    $('compare-label').hidden = known.models.length < 2;
    const version = await (await fetch('version')).json();
    $('about').textContent = 'efrnet ' + version.version + '; '
        + known.models.map(model => model.name + ': ' + model.licence).join(', ') + '.';
    document.documentElement.dataset.ready = 'true';
  } catch (e) {
    complain('The service says: ' + e.message);
  }
}

begin();
