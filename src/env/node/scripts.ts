/** Modules of users, through Node's own loader. */
import * as nodePath from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scripts } from '../ports.ts';

export function createScripts(): Scripts {
  return {
    async importModule(path) {
      const address = pathToFileURL(nodePath.resolve(path)).href;
      const module: unknown = await import(/* @vite-ignore */ address);
      return module as Readonly<Record<string, unknown>>;
    },
  };
}
