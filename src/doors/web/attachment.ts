/**
 * A file's name in a `content-disposition` header (RFC 6266, with RFC 8187 for what is beyond ASCII). The name is a
 * requester's own invention, and ends on the disk of whoever saves it: no control or invisible character, none that a
 * file system takes for its own, and nothing that could end the header or the name early.
 */
import { cleanText } from '../../domain/request.ts';

/** Characters; the end of a name, which says what it is, is kept. */
const nameMax = 120;

/** `path` is absolute. */
export function attachment(path: string): string {
  const name = fileName(path);
  const plain = name.replace(/[^\x20-\x7e]|["\\%;]/gu, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${extended(name)}`;
}

function fileName(path: string): string {
  const last = cleanText(path.slice(path.lastIndexOf('/') + 1)).replace(/[<>:"/\\|?*]/g, '_');
  // Names of dots alone are directories, and one that begins with a dot is hidden.
  const name = [...last].slice(-nameMax).join('').trim().replace(/^\.+/, '_');
  return name === '' ? 'download' : name;
}

/** As `encodeURIComponent` has it, which leaves a few characters that are not allowed here. */
function extended(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
