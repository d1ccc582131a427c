/** Where our core differs from the cases on purpose, and why. */

/** A command that is not played. */
export type Exception = Readonly<{ file: string; line: number; reason: string }>;

const JOINT = 'several changes at once are always made through a joint configuration here';

export const EXCEPTIONS: readonly Exception[] = [
  { file: 'simple_safety', line: 20, reason: JOINT },
  { file: 'simple_safety', line: 30, reason: JOINT },
  { file: 'simple_safety', line: 35, reason: JOINT },
];

/** The log begins anew behind a snapshot, so our write of one always waits for the disk; there the writer decides. */
export function withSyncedSnapshots(lines: readonly string[]): readonly string[] {
  return lines.map((line, at) => {
    const indent = /^( *)Ready MustSync=false:$/.exec(line)?.[1];
    if (indent === undefined) return line;
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((each) => !each.startsWith(indent) || each.startsWith(`${indent}Messages:`));
    const hasSnapshot = rest
      .slice(0, end < 0 ? rest.length : end)
      .some((each) => each.startsWith(`${indent}Snapshot `));
    return hasSnapshot ? line.replace('false', 'true') : line;
  });
}
