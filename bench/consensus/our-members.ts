/** This project's members of a group: processes of a small program that embeds the built library. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../../test/support/child-server.ts';
import { PROJECT } from '../servers.ts';
import type { GroupKind } from './group.ts';
import { OurClient } from './our-client.ts';

const MEMBER = join(PROJECT, 'bench', 'consensus', 'our-member.mjs');

/** Members on the given Node; throws without a build. Clients and other members come to the same port. */
export function ourGroup(node: string, program = MEMBER): GroupKind {
  if (!existsSync(join(PROJECT, 'dist', 'index.js'))) {
    throw new Error('bench: dist/index.js is missing; run `npm run build`');
  }
  return {
    side: 'ours',
    title: 'picodata',
    launch: (position, addresses, dataDirectory) => {
      const members = addresses.map(({ clientPort }, other) => ({ id: other + 1, address: `127.0.0.1:${clientPort}` }));
      const listen = members[position]?.address;
      if (listen === undefined) throw new Error(`there is no member ${position}`);
      const words = [program, String(position + 1), listen, dataDirectory, JSON.stringify(members)];
      return startProcess(node, words, { cwd: PROJECT });
    },
    connect: (port, connections) => OurClient.connect(port, connections),
  };
}
