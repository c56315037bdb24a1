// golden.mjs MODULES graphs|tcp|score COUNT SEED: random inputs and what the
// real Lantern and Lighthouse make of them, as lines of numbers, for
// tests/unit/test_load_golden.c and test_vitals.c.  MODULES is a node_modules
// with lighthouse 13 in it.
import {pathToFileURL} from 'node:url';
import {resolve} from 'node:path';

const [modules, what, countText, seedText] = process.argv.slice(2);
const count = Number(countText);
const load = path => import(pathToFileURL(resolve(modules, path)));
const lantern = '@paulirish/trace_engine/models/trace/lantern/';

// Mulberry32: the same inputs everywhere.
let state = Number(seedText) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = n => Math.floor(random() * n);
const chance = p => random() < p;
const say = (...words) => console.log(words.join(' '));

const priorities = ['VeryHigh', 'High', 'Medium', 'Low', 'VeryLow'];

function drawNode(i, origins) {
  const origin = below(origins.length);
  const r = random();
  const kind = i === 0 || r < .75 ? 0 : r < .8 ? 1 : r < .85 ? 2 : 3;
  const start = i === 0 ? 0 : below(2000);
  return {kind, start, priority: below(5), origin, tls: origins[origin].tls,
    h2: chance(.02) ? !origins[origin].h2 : origins[origin].h2,
    asked: start + below(20), ended: start + 20 + below(400),
    bytes: chance(.1) ? below(3000000) : below(60000), decoded: below(4000000),
    task: below(300000), layout: chance(.3)};
}

function drawGraph() {
  const origins = Array.from({length: 1 + below(5)}, () => ({
    tls: chance(.8), h2: chance(.5), extra: chance(.5) ? below(80) : 0,
    server: chance(.3) ? 0 : below(400) + .25 * below(4)}));
  const nodes = Array.from({length: 1 + below(40)},
    (_, i) => drawNode(i, origins));
  const edges = [];
  for (let i = 1; i < nodes.length; i++)
    for (let n = 1 + (chance(.2) ? below(3) : 0); n > 0; n--) {
      const from = below(i);
      if (!edges.some(e => e[0] === from && e[1] === i))
        edges.push([from, i]);
    }
  const nets = [[150, 1.6 * 1024 * 1024, 4], [300, 700 * 1024, 4],
    [40, 10 * 1024 * 1024, 1],
    [5 + below(600), 100000 + below(20000000), 1 + below(8)]];
  return {origins, nodes, edges, net: nets[below(4)]};
}

function asNode(n, i, graph) {
  if (n.kind === 3)
    return new graph.CPUNode({ts: n.start * 1000, dur: n.task, tid: i},
      n.layout ? [{name: 'Layout', args: {}}] : []);
  const scheme = n.kind === 2 ? 'data' : n.tls ? 'https' : 'http';
  const host = `h${n.origin}`;
  return new graph.NetworkNode({requestId: String(i), url: `${scheme}:${i}`,
    parsedURL: {scheme, host,
      securityOrigin: n.kind === 2 ? 'null' : `${scheme}://${host}`},
    protocol: n.kind === 2 ? 'data' : n.h2 ? 'h2' : 'http/1.1',
    transferSize: n.bytes, resourceSize: n.decoded, resourceType: 'Other',
    priority: priorities[n.priority], rendererStartTime: n.start,
    networkRequestTime: n.asked, networkEndTime: n.ended,
    fromDiskCache: n.kind === 1, initiator: {type: 'other'}});
}

async function graphs() {
  const {Simulator} = await load(lantern + 'simulation/Simulator.js');
  const graph = {...await load(lantern + 'graph/CPUNode.js'),
    ...await load(lantern + 'graph/NetworkNode.js')};
  for (let g = 0; g < count; g++) {
    const drawn = drawGraph();
    const {origins, nodes, edges, net} = drawn;
    const made = nodes.map((n, i) => asNode(n, i, graph));
    for (const [from, to] of edges)
      made[to].addDependency(made[from]);
    const byOrigin = key => new Map(origins.map(
      (o, i) => [`${o.tls ? 'https' : 'http'}://h${i}`, o[key]]));
    const result = new Simulator({rtt: net[0], throughput: net[1],
      cpuSlowdownMultiplier: net[2], additionalRttByOrigin: byOrigin('extra'),
      serverResponseTimeByOrigin: byOrigin('server')}).simulate(made[0]);
    say('graph', nodes.length, edges.length, origins.length, net[0], net[1],
      net[2], net[2] * .5, result.timeInMs);
    for (const o of origins)
      say(o.extra, o.server);
    nodes.forEach((n, i) => {
      const time = result.nodeTimings.get(made[i]);
      say(n.kind, n.start * 1000, n.priority, n.origin, +n.tls, +n.h2,
        n.asked, n.ended, n.bytes, n.decoded, n.task, +n.layout,
        time.startTime, time.endTime);
    });
    for (const e of edges)
      say(...e);
  }
}

async function tcp() {
  const {TCPConnection} = await load(lantern + 'simulation/TCPConnection.js');
  for (let i = 0; i < count; i++) {
    const rtt = chance(.2) ? 100 : 1 + below(400) + .5 * below(2);
    const rate = chance(.2) ? Infinity : 50000 + below(30000000);
    const server = below(500), tls = chance(.5), h2 = chance(.5);
    const warmed = chance(.5), window = 1 + below(200), over = below(40000);
    const bytes = below(400000), elapsed = chance(.5) ? 0 : below(1500);
    const most = chance(.5) ? Infinity : below(2000), dns = below(400);
    const c = new TCPConnection(rtt, rate, server, tls, h2);
    c.setWarmed(warmed);
    c.setCongestionWindow(window);
    c.setH2OverflowBytesDownloaded(over);
    const a = c.simulateDownloadUntil(bytes, {timeAlreadyElapsed: elapsed,
      maximumTimeToElapse: most, dnsResolutionTime: dns});
    say(rtt, rate, server, +tls, +h2, +warmed, window, h2 ? over : 0, bytes,
      elapsed, most, dns, a.timeElapsed, a.roundTrips, a.bytesDownloaded,
      a.extraBytesDownloaded, a.congestionWindow,
      a.connectionTiming.timeToFirstByte);
  }
}

const controls = [['fcp', 1800, 3000, 10], ['lcp', 2500, 4000, 25],
  ['tbt', 200, 600, 30], ['cls', .1, .25, 25], ['si', 3387, 5800, 10]];

async function score() {
  const {Util} = await load('lighthouse/shared/util.js');
  const {ReportScoring} = await load('lighthouse/core/scoring.js');
  for (let i = 0; i < count; i++) {
    const values = controls.map(([name, p10, median]) =>
      chance(.05) ? [0, p10, median][below(3)] :
        name === 'cls' ? below(60000) / 100000 :
          Math.exp(random() * 6 - 3) * median);
    const scores = values.map((v, k) => Util.computeLogNormalScore(
      {p10: controls[k][1], median: controls[k][2]}, v));
    say(...values, ...scores, ReportScoring.arithmeticMean(
      scores.map((s, k) => ({score: s, weight: controls[k][3]}))));
  }
}

await {graphs, tcp, score}[what]();
