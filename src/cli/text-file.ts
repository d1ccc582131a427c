/** Small files of text that a user wrote. */
import type { Files } from '../env/index.ts';

/** The file as UTF-8. Throws FileError, or an Error that names the file if it has more than `bytesMax`. */
export function readText(files: Files, path: string, bytesMax: number): string {
  const file = files.open(path, 'read');
  try {
    const sizeBytes = file.sizeBytes();
    if (sizeBytes > bytesMax) throw new Error(`${path}: the file has more than ${bytesMax} bytes`);
    const bytes = new Uint8Array(sizeBytes);
    const length = file.read(bytes, 0, sizeBytes, 0);
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    file.close();
  }
}

/** All bytes of the file. Throws FileError. */
export function readAll(files: Files, path: string): Uint8Array {
  const file = files.open(path, 'read');
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    let length = 0;
    for (let read = -1; length < bytes.length && read !== 0; length += read) {
      read = file.read(bytes, length, bytes.length - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}
