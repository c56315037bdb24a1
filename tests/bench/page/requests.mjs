// requests.mjs FOLDER [h1]: which of Chromium's requests the light engine
// finds, on the pages of sites.mjs; each miss, each request too many and each
// other priority or blocking is printed.  FOLDER has a node_modules with
// their packages; leadline is $LEADLINE, Debian's chromium-headless-shell
// must be there.  Nothing leaves the machine.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {serve, sites, siteUrl} from './sites.mjs';

const [folder, version = 'h2'] = process.argv.slice(2);
const leadline = process.env.LEADLINE ?? 'leadline';
const parties = ['use.fontawesome.com', 'cdn.jsdelivr.net',
  'cdnjs.cloudflare.com', 'cdn.startbootstrap.com', 'fonts.gstatic.com',
  'fonts.googleapis.com'];
const agent = 'Mozilla/5.0 (Linux; Android 11; moto g power (2022)) ' +
  'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 ' +
  'Mobile Safari/537.36';
const port = 18600 + process.pid % 1000;
const dir = mkdtempSync(join(tmpdir(), 'requests-'));
const pause = ms => new Promise(go => setTimeout(go, ms));

async function theirs(url) {
  const browser = spawn('chromium-headless-shell', ['--no-sandbox',
    '--remote-debugging-pipe', '--ignore-certificate-errors',
    '--host-resolver-rules=MAP * 127.0.0.1', `--user-data-dir=${mkdtempSync(join(dir, 'chromium-'))}`],
  {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
  const waiting = new Map();
  const seen = [];
  let text = '', id = 0, loaded;
  const load = new Promise(go => { loaded = go; });
  const take = message => {
    const {params} = message;
    if (message.id)
      waiting.get(message.id)(message.result);
    else if (message.method === 'Page.loadEventFired')
      loaded();
    else if (message.method === 'Network.requestWillBeSent' &&
        !params.request.url.startsWith('data:'))
      seen.push({url: params.request.url, type: params.type,
        priority: params.request.initialPriority,
        blocking: params.renderBlockingBehavior});
  };
  browser.stdio[4].on('data', bytes => {
    const parts = (text + bytes).split('\0');
    text = parts.pop();
    parts.forEach(part => take(JSON.parse(part)));
  });
  const send = (method, params = {}, sessionId) => new Promise(go => {
    waiting.set(++id, go);
    browser.stdio[3].write(JSON.stringify({id, method, params, sessionId}) +
      '\0');
  });
  const {targetId} = await send('Target.createTarget', {url: 'about:blank'});
  const {sessionId} = await send('Target.attachToTarget',
    {targetId, flatten: true});
  const ask = (method, params) => send(method, params, sessionId);
  await ask('Page.enable');
  await ask('Network.enable');
  await ask('Network.setUserAgentOverride', {userAgent: agent});
  await ask('Emulation.setDeviceMetricsOverride',
    {width: 412, height: 823, deviceScaleFactor: 1.75, mobile: true});
  await ask('Page.navigate', {url});
  await Promise.race([load, pause(20000)]);
  await pause(2000);
  const gone = new Promise(go => browser.on('close', go));
  browser.stdio[3].end(); // which ends the browser
  await Promise.race([gone, pause(5000)]);
  browser.kill('SIGKILL');
  return seen;
}

async function ours(name, url) {
  const hosts = [`${name}.test`, ...parties].flatMap(
    host => ['--resolve', `${host}:${port}:127.0.0.1`]);
  const probe = spawn(leadline, ['probe', url, '--kind', 'page', '--insecure',
    '--json', ...hosts], {stdio: ['ignore', 'pipe', 'inherit']});
  let text = '';
  probe.stdout.on('data', bytes => { text += bytes; });
  await new Promise(go => probe.on('close', go));
  return JSON.parse(text).page.resources;
}

function compare(name, chromium, light) {
  const mine = new Map(light.map(one => [one.url, one]));
  const found = chromium.filter(one => mine.has(one.url));
  const wanted = new Set(chromium.map(one => one.url));
  console.log(`${name}: ${found.length} of ${chromium.length}`);
  for (const one of chromium.filter(one => !mine.has(one.url)))
    console.log(`  missed: ${one.type} ${one.url}`);
  for (const one of light.filter(one => !wanted.has(one.url)))
    console.log(`  too many: ${one.type} ${one.url}`);
  for (const one of found) {
    const {priority, blocking} = mine.get(one.url);
    if (priority !== one.priority ||
        (one.blocking && one.blocking !== blocking))
      console.log(`  other: ${one.url} is ${one.priority} ${one.blocking}, ` +
        `said to be ${priority} ${blocking}`);
  }
  return [found.length, chromium.length];
}

const server = await serve({modules: join(folder, 'node_modules'), dir, port,
  http2: version === 'h2'});
let [found, all] = [0, 0];
for (const name of Object.keys(sites)) {
  const url = siteUrl(name, port);
  const [some, of] = compare(name, await theirs(url), await ours(name, url));
  found += some;
  all += of;
}
console.log(`all: ${found} of ${all} (${(100 * found / all).toFixed(1)} %)`);
rmSync(dir, {recursive: true, force: true, maxRetries: 5});
process.exit(found >= 0.9 * all ? 0 : 1);
