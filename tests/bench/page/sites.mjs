// sites.mjs: real landing pages from npm, served here over TLS together with
// the third parties they name, each under its own host name and with its own
// server time.  Nothing leaves the machine.
import {createSecureServer} from 'node:http2';
import {createServer} from 'node:https';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {extname, join} from 'node:path';
import {gzipSync} from 'node:zlib';

export const packages = ['lighthouse@13', 'startbootstrap-agency',
  'startbootstrap-landing-page', 'startbootstrap-creative',
  'startbootstrap-freelancer', 'startbootstrap-new-age', 'html5-boilerplate',
  '@fortawesome/fontawesome-free', 'bootstrap@5', 'bootstrap-icons',
  'simplelightbox', '@fontsource/montserrat', '@fontsource/roboto-slab',
  '@fontsource/lato', '@fontsource/merriweather', '@fontsource/newsreader',
  '@fontsource/merriweather-sans', '@fontsource/mulish', '@fontsource/kanit'];

export const sites = {
  agency: 'startbootstrap-agency', landing: 'startbootstrap-landing-page',
  creative: 'startbootstrap-creative', freelancer: 'startbootstrap-freelancer',
  'new-age': 'startbootstrap-new-age', h5bp: 'html5-boilerplate',
};
export const siteUrl = (name, port) => `https://${name}.test:${port}/`;

// The third parties, and where npm has what they serve.  sb-forms is in no
// package: a script of its kind stands in for it.
const parties = {
  'use.fontawesome.com': p => p.replace(/^\/releases\/v[^/]*/,
    '/@fortawesome/fontawesome-free'),
  'cdn.jsdelivr.net': p => p.replace(/^\/npm\/([^@]+)@[^/]*/, '/$1'),
  'cdnjs.cloudflare.com': p => p.replace(
    /^\/ajax\/libs\/SimpleLightbox\/[^/]*\/simpleLightbox/i,
    '/simplelightbox/dist/simple-lightbox'),
  'cdn.startbootstrap.com': () => '/simplelightbox/dist/simple-lightbox.js',
  'fonts.gstatic.com': p => p.replace(/^\/([a-z-]+)\//, '/@fontsource/$1/files/'),
};
const serverMs = {'fonts.googleapis.com': 35, 'fonts.gstatic.com': 20,
  'cdn.jsdelivr.net': 25, 'use.fontawesome.com': 30,
  'cdnjs.cloudflare.com': 25, 'cdn.startbootstrap.com': 60};
const ownServerMs = 90;

const kinds = {'.html': 'text/html; charset=utf-8', '.css': 'text/css',
  '.js': 'text/javascript', '.svg': 'image/svg+xml', '.jpg': 'image/jpeg',
  '.png': 'image/png', '.ico': 'image/x-icon', '.mp4': 'video/mp4',
  '.woff2': 'font/woff2', '.woff': 'font/woff',
  '.webmanifest': 'application/manifest+json'};
const squeezed = new Set(['.html', '.css', '.js', '.svg', '.webmanifest']);

function fontCss(query, port) {
  const latin = 'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+2000-206F,' +
    'U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD';
  const [family, axis = '400'] = query.get('family').split(':');
  const faces = /^ital,wght@/.test(axis)
    ? axis.slice(10).split(';').map(f => f.split(','))
    : axis.replace(/^wght@/, '').split(/[,;]/).map(
      f => [/italic/.test(f) ? '1' : '0', parseInt(f, 10)]);
  const slug = family.toLowerCase().replace(/ /g, '-');
  const swap = query.get('display') === 'swap' ? 'font-display:swap;' : '';
  return faces.map(([italic, weight]) => {
    const style = italic === '1' ? 'italic' : 'normal';
    return `@font-face{font-family:'${family}';font-style:${style};` +
      `font-weight:${weight};${swap}src:url(https://fonts.gstatic.com:${port}/` +
      `${slug}/${slug}-latin-${weight}-${style}.woff2) format('woff2');` +
      `unicode-range:${latin}}\n`;
  }).join('');
}

// Third parties keep their names and move to our port.
function rewrite(text, port) {
  return text.replace(
    /https:\/\/((?:fonts|cdn|cdnjs|use)\.[a-z.]+\.(?:com|net))(?=[/"'])/g,
    `https://$1:${port}`);
}

function find(modules, host, path, port, pages) {
  if (host === 'fonts.googleapis.com')
    return {ext: '.css', body: Buffer.from(
      fontCss(new URLSearchParams(path.split('?')[1]), port))};
  path = path.split('?')[0];
  let file;
  if (parties[host])
    file = join(modules, parties[host](path));
  else
    file = join(pages[host.replace(/\.test$/, '')] ?? '/nonexistent',
      path === '/' ? '/index.html' : path);
  if (file.includes('..') || !existsSync(file) || statSync(file).isDirectory())
    return null;
  const ext = extname(file);
  const body = readFileSync(file);
  return {ext, body: ext === '.html' || ext === '.css'
    ? Buffer.from(rewrite(body.toString(), port)) : body};
}

export function certificate(dir) {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  if (!existsSync(cert))
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
      'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=bench',
      '-addext', 'subjectAltName=' + [...Object.keys(parties),
        'fonts.googleapis.com', ...Object.keys(sites).map(n => n + '.test')]
        .map(h => 'DNS:' + h).join(),
      '-keyout', key, '-out', cert], {stdio: 'ignore'});
  return {key: readFileSync(key), cert: readFileSync(cert), file: cert};
}

// Serves until it is closed.  `more` maps site names to further folders.
export async function serve({modules, dir, http2, port, more = {}}) {
  const {key, cert} = certificate(dir);
  const cache = new Map();
  const pages = {...Object.fromEntries(Object.entries(sites).map(
    ([name, pack]) => [name, join(modules, pack, 'dist')])), ...more};
  const answer = async (request, response) => {
    const host = (request.headers[':authority'] ?? request.headers.host)
      .split(':')[0];
    const tag = host + request.url;
    if (!cache.has(tag)) {
      const found = find(modules, host, request.url, port, pages);
      cache.set(tag, found && {...found, packed: squeezed.has(found.ext)
        ? gzipSync(found.body, {level: 6}) : null});
    }
    const found = cache.get(tag);
    await new Promise(go => setTimeout(go, serverMs[host] ?? ownServerMs));
    if (!found)
      return response.writeHead(404, {'content-type': 'text/plain'}).end('no');
    const body = found.packed ?? found.body;
    response.writeHead(200, {'content-type': kinds[found.ext] ?? 'text/plain',
      'content-length': body.length, 'cache-control': 'max-age=3600',
      'access-control-allow-origin': '*', 'server': 'bench', 'vary':
      'accept-encoding', ...found.packed && {'content-encoding': 'gzip'}});
    response.end(body);
  };
  const server = http2 ? createSecureServer({key, cert, allowHTTP1: true}, answer)
    : createServer({key, cert}, answer);
  server.on('sessionError', () => {});
  await new Promise(go => server.listen(port, '127.0.0.1', go));
  return server;
}
