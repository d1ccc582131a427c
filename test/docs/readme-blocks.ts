/**
 * The code blocks of a document and how each is to be run, which an HTML comment above the block says:
 *
 *   tour: start            a command that starts the instance; it runs until a later block ends it
 *   tour: beside           a command that runs beside the others until the end, once its log says that it is ready
 *   tour: run              a shell command that ends by itself, with exit code 0
 *   tour: file NAME        the content of a file that a later block uses
 *   tour: console          lines that are typed into the console of the running instance; Lua in `tarantoolctl connect` too
 *   tour: prints           what the block before printed, among other things
 *   not run: REASON        shown only
 *
 * `tour: run, needs PROGRAM` is left out where there is no such program. A block without a comment is an error, so that
 * nothing stands in the document that nobody has tried.
 */
export type BlockAction =
  | Readonly<{ kind: 'start' | 'beside' | 'run' | 'console' | 'prints' }>
  | Readonly<{ kind: 'file'; name: string }>
  | Readonly<{ kind: 'shown'; reason: string }>;

export type Block = Readonly<{
  /** Of the document, counted from 1. */
  line: number;
  action: BlockAction;
  /** A program without which the block cannot run. */
  needs: string | null;
  /** As its fence names it; empty without. */
  language: string;
  text: string;
}>;

const MARK = /^<!-- (.*) -->$/;
const FENCE = /^```(\w*)$/;

/** All blocks in order. Throws an Error that names the line of a block that nothing says how to run. */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let mark: string | null = null;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const language = FENCE.exec(line)?.[1];
    if (language === undefined) {
      mark = MARK.exec(line)?.[1] ?? null;
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: the code block has no end`);
    blocks.push({ ...blockOf(mark, at + 1, lines.slice(at + 1, end).join('\n')), language });
    mark = null;
    at = end;
  }
  return blocks;
}

function blockOf(mark: string | null, line: number, text: string): Omit<Block, 'language'> {
  const reason = /^not run: (.+)$/.exec(mark ?? '')?.[1];
  if (reason !== undefined) return { line, action: { kind: 'shown', reason }, needs: null, text };
  const [, words, needs = null] = /^tour: (.+?)(?:, needs ([\w-]+))?$/.exec(mark ?? '') ?? [];
  switch (words) {
    case 'start':
    case 'beside':
    case 'run':
    case 'console':
    case 'prints':
      return { line, action: { kind: words }, needs, text };
    default: {
      const name = /^file ([\w.-]+)$/.exec(words ?? '')?.[1];
      if (name === undefined) throw new Error(`line ${line}: no comment says how the code block is to be run`);
      return { line, action: { kind: 'file', name }, needs, text: `${text}\n` };
    }
  }
}
