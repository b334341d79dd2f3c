/**
 * Files have addresses without a server on the wire, so that they stay good when it moves. Apps see whole addresses.
 */

/** The address of a server, without what is behind it. */
export function baseOf(server: string): string {
  const url = new URL(server);
  const path = url.pathname.replace(/\/$/, '').replace(/\/v4\/gateway$/, '');
  return `${url.protocol.replace(/^ws/, 'http')}//${url.host}${path}`;
}

/** A frame from the server, with whole addresses. */
export const withServer = (text: string, base: string): string =>
  text.includes('"/files/')
    ? text.replace(/("\w*url"\s*:\s*")(\/files\/)/gi, (_, before: string, path: string) => before + base + path)
    : text;

/** A file on a server: whatever stands before it, its address, and a signature. */
const FILE = /^(.*?)(\/files\/\d+\/[0-9a-f]+\/[^?]*)(?:\?expires=\d+&signature=[\w-]+)?$/;

/** A frame to the server, with addresses of its own files as the server has them. */
export const withoutServer = (text: string, base: string): string =>
  text.includes('/files/')
    ? text.replace(/("\w*url":)"([^"\\]*)"/gi, (whole, name: string, value: string) => {
        const [, host, path] = FILE.exec(value) ?? [];
        return host === '' || host === base ? `${name}"${path}"` : whole;
      })
    : text;
