// lighthouse.mjs MODULES OUT http1|http2 RUNS [SITE...]: what Lighthouse's
// mobile run (simulate) says of the pages of sites.mjs, one JSON line a run:
// figures, the two estimates behind each, and the requests Chromium made.
import {appendFileSync, mkdirSync, rmSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {join, resolve} from 'node:path';
import {tmpdir} from 'node:os';
import {serve, siteUrl, sites} from './sites.mjs';

const [modules, out, version, runs, ...names] = process.argv.slice(2);
const load = path => import(pathToFileURL(resolve(modules, path)));
const {default: lighthouse} = await load('lighthouse/core/index.js');
const {launch} = await load('chrome-launcher/dist/index.js');
const computed = 'lighthouse/core/computed/metrics/';
const fcpOf = (await load(computed + 'lantern-first-contentful-paint.js'))
  .LanternFirstContentfulPaint;
const lcpOf = (await load(computed + 'lantern-largest-contentful-paint.js'))
  .LanternLargestContentfulPaint;
const {NetworkRecords} =
  await load('lighthouse/core/computed/network-records.js');
const port = 18443 + (version === 'http2');
const dir = join(tmpdir(), `leadline-page-bench-${process.pid}`);
mkdirSync(dir, {recursive: true});
const server = await serve({modules, dir, http2: version === 'http2', port});

const nodesOf = ({nodeTimings}, graph) => [...nodeTimings].map(([n, t]) => ({
  start: t.startTime, end: t.endTime, type: n.type,
  url: n.request?.url, priority: n.request?.priority, layout:
    n.type === 'cpu' && n.didPerformLayout(), us: n.duration,
  did: n.type === 'cpu' ? [...new Set(n.childEvents.map(e => e.name))]
    .filter(e => /Layout$|ParseHTML|Evaluate|Paint$|StyleSheet|UpdateLayer/.test(e)) : undefined,
  scripts: n.type === 'cpu' ? [...n.getEvaluateScriptURLs()] : undefined,
}));

// What a browser knows of its requests, in the order in which they began; of
// server time, what remains without the connection.
function requestsOf(records) {
  const sent = records.filter(r => r.parsedURL.scheme.startsWith('http'))
    .sort((a, b) => a.rendererStartTime - b.rendererStartTime);
  const at = url => sent.findIndex(r => r.url === url);
  return sent.map(r => ({url: r.url, type: r.resourceType,
    priority: r.priority, status: r.statusCode, h2: r.protocol === 'h2',
    from: Math.max(r.initiator.url ? at(r.initiator.url) : at(
      r.initiatorRequest?.url), r === sent[0] ? -1 : 0),
    header: r.responseHeadersTransferSize ?? 0, bytes: r.transferSize,
    decoded: r.resourceSize, script: r.initiator.type === 'script',
    server: r.timing ? Math.max(r.timing.receiveHeadersEnd - r.timing.sendEnd, 0)
      : null}));
}

async function run(name) {
  const chrome = await launch({chromePath:
    process.env.CHROME_PATH ?? '/usr/bin/chromium-headless-shell',
    chromeFlags: ['--headless', '--no-sandbox', '--ignore-certificate-errors',
      ...(process.env.CHROME_FLAGS ?? '').split(' ').filter(Boolean),
      '--host-resolver-rules=MAP * 127.0.0.1']});
  try {
    const {lhr, artifacts} = await lighthouse(siteUrl(name, port),
      {port: chrome.port, onlyCategories: ['performance'], logLevel: 'error'});
    const context = {computedCache: new Map(), settings: lhr.configSettings};
    const data = {trace: artifacts.Trace, devtoolsLog: artifacts.DevtoolsLog,
      gatherContext: {gatherMode: 'navigation'}, settings: lhr.configSettings,
      URL: artifacts.URL, SourceMaps: artifacts.SourceMaps, simulator: null};
    const [fcp, lcp] = [await fcpOf.request(data, context),
      await lcpOf.request(data, context)];
    const m = lhr.audits.metrics.details.items[0];
    return {site: name, version, lighthouse: lhr.lighthouseVersion,
      fcp: m.firstContentfulPaint, lcp: m.largestContentfulPaint,
      tti: m.interactive, score: lhr.categories.performance.score,
      seen: {fcp: m.observedFirstContentfulPaint,
        lcp: m.observedLargestContentfulPaint, load: m.observedLoad},
      estimates: {fcp: [fcp.optimisticEstimate.timeInMs,
        fcp.pessimisticEstimate.timeInMs], lcp: [
        lcp.optimisticEstimate.timeInMs, lcp.pessimisticEstimate.timeInMs]},
      graphs: {fcp: nodesOf(fcp.pessimisticEstimate),
        lcpOptimistic: nodesOf(lcp.optimisticEstimate),
        lcp: nodesOf(lcp.pessimisticEstimate)},
      requests: requestsOf(await NetworkRecords.request(
        artifacts.DevtoolsLog, context))};
  } finally {
    chrome.kill();
  }
}

for (const name of names.length ? names : Object.keys(sites))
  for (let i = 0; i < Number(runs); i++)
    appendFileSync(out, JSON.stringify(await run(name)) + '\n');
server.close();
rmSync(dir, {recursive: true});
process.exit(0);
