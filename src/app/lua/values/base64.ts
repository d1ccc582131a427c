/** Base64 of Lua strings, with Tarantool's options and its leniency: what is no letter of the alphabet is skipped. */
const LINE_LENGTH = 72;
const LINE = /.{72}(?=.)/g;
const FOREIGN = /[^A-Za-z0-9+/_-]/g;

export type Base64Options = Readonly<{ isWrapped: boolean; isPadded: boolean; isUrlSafe: boolean }>;

/** Lines have 72 characters. */
export function encodeBase64(text: string, options: Base64Options): string {
  let encoded = btoa(text);
  if (options.isUrlSafe) encoded = encoded.replaceAll('+', '-').replaceAll('/', '_');
  if (!options.isPadded) encoded = encoded.replace(/=+$/, '');
  return options.isWrapped && encoded.length > LINE_LENGTH ? encoded.replace(LINE, '$&\n') : encoded;
}

export function decodeBase64(text: string): string {
  const letters = text.replace(FOREIGN, '').replaceAll('-', '+').replaceAll('_', '/');
  // A single letter at the end is less than a byte.
  return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters);
}

/** Two digits for each byte. */
export function toHexadecimal(text: string): string {
  let digits = '';
  for (let index = 0; index < text.length; index++) digits += text.charCodeAt(index).toString(16).padStart(2, '0');
  return digits;
}
