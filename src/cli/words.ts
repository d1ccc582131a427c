/** The words of the command line, read by commander: which command, and what was given to it. */
import { Command, CommanderError } from 'commander';
import { PICODATA_VERSION, TARANTOOL_VERSION } from '../base/index.ts';
import { RUN_OPTIONS, type OptionDefinition, type RunOptionName } from '../config/index.ts';
import { definitionOf, OPTION_NAMES } from './option-values.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';

export type ParsedWords =
  | Readonly<{
      kind: 'run';
      flags: Readonly<Partial<Record<RunOptionName, string>>>;
      /** The file of `--cfg`. */
      optionFile: string | null;
    }>
  | Readonly<{ kind: 'tarantool'; words: TarantoolWords }>
  | Readonly<{ kind: 'connect'; words: ConnectWords }>
  /** Only a text to print: help, or the version. */
  | Readonly<{ kind: 'text'; text: string }>;

/** What Tarantool's own command takes. */
export type TarantoolWords = Readonly<{
  /** Null without one; `-` is standard input. */
  script: string | null;
  scriptArguments: readonly string[];
  /** `-e`: run before the script. */
  expressions: readonly string[];
  /** `-l`: required before the script. */
  libraries: readonly string[];
  /** A console after the script. */
  isInteractive: boolean;
}>;

export type ConnectWords = Readonly<{
  /** `[USER@]HOST:PORT`, or the path of a socket. */
  target: string;
  user: string | null;
  passwordFile: string | null;
  cookie: string | null;
}>;

const COMMANDS = ['run', 'tarantool', 'connect'];

const RUN_NOTES = `
Every flag has a variable, PICODATA_<FLAG> in capitals with '_' for '-', and a key of the same name in the file of
--cfg. A flag wins over a variable, a variable over the file. Sizes take K, M or G.

Files in the data directory: .picodata-cookie, which its owner alone may read, holds the cookie of the cluster.
Signals: SIGTERM and SIGINT stop cleanly, a second one at once; SIGUSR1 makes a snapshot; SIGHUP opens the log anew.`;

/** Throws UsageError for words that make no command. `nodeVersion` is shown beside the version. */
export function parseWords(words: readonly string[], nodeVersion: string): ParsedWords {
  let text = '';
  let parsed: ParsedWords | null = null;
  const program = new Command('picodata')
    .description('A distributed application server with a built-in in-memory database')
    .version(versionText(nodeVersion), '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ writeOut: (part) => (text += part), writeErr: () => undefined })
    .configureHelp({ optionTerm: (option) => option.flags.replace(/<(.+)>$/, '$1') });
  const run = program.command('run').description('run an instance').usage('[flags]');
  run.option('--cfg <FILE>', 'YAML or TOML file with values for the flags below');
  for (const name of OPTION_NAMES) run.option(flagsOf(definitionOf(name)), helpOf(definitionOf(name)));
  run.addHelpText('after', RUN_NOTES);
  run.action((given: Readonly<Record<string, string>>) => {
    const { cfg, ...flags } = given;
    parsed = { kind: 'run', flags: flags as Readonly<Partial<Record<RunOptionName, string>>>, optionFile: cfg ?? null };
  });
  addTarantool(program, (given) => (parsed = { kind: 'tarantool', words: given }));
  addConnect(program, (given) => (parsed = { kind: 'connect', words: given }));
  if (words.length === 0) throw new UsageError(`no command was given; 'picodata --help' lists them`);
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(oneLine(error.message, words[0]));
  }
  return parsed ?? { kind: 'text', text };
}

function addTarantool(program: Command, take: (words: TarantoolWords) => void): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  program
    .command('tarantool')
    .description('run a Lua script as Tarantool does; without one, a console')
    .usage('[flags] [SCRIPT [ARGS]]')
    .argument('[script]', "file to run; '-' is standard input")
    .argument('[args...]', 'given to the script')
    .option('-e <EXPR>', "run the string 'EXPR'", collect, [])
    .option('-l <NAME>', "require the library 'NAME'", collect, [])
    .option('-i', 'a console after the script')
    .passThroughOptions()
    .action((script: string | undefined, scriptArguments: readonly string[], given: TarantoolFlags) => {
      take({
        script: script ?? null,
        scriptArguments,
        expressions: given.e,
        libraries: given.l,
        isInteractive: given.i === true,
      });
    });
}

type TarantoolFlags = Readonly<{ e: readonly string[]; l: readonly string[]; i?: true }>;

function addConnect(program: Command, take: (words: ConnectWords) => void): void {
  program
    .command('connect')
    .description('a console on a running instance')
    .usage('[flags] [USER@]HOST:PORT|SOCKET')
    .argument('<target>', 'address of an instance, or path of its socket')
    .option('--user <NAME>', 'as whom to log in')
    .option('--password-file <FILE>', 'file that holds the password')
    .option('--cluster-cookie <SECRET>', 'secret of the cluster, in place of a user')
    .action((target: string, given: Readonly<{ user?: string; passwordFile?: string; clusterCookie?: string }>) => {
      take({
        target,
        user: given.user ?? null,
        passwordFile: given.passwordFile ?? null,
        cookie: given.clusterCookie ?? null,
      });
    });
}

/** The name of the option as it is in RUN_OPTIONS is what commander makes of its flag. */
function flagsOf(definition: OptionDefinition): string {
  const long = `--${definition.flag} <${definition.placeholder}>`;
  return definition.short === undefined ? long : `-${definition.short}, ${long}`;
}

function helpOf(definition: OptionDefinition): string {
  const { description, defaultText } = definition;
  return defaultText === null ? description : `${description} (default: ${defaultText})`;
}

function versionText(nodeVersion: string): string {
  return `picodata ${PICODATA_VERSION} (as Tarantool ${TARANTOOL_VERSION}, on Node ${nodeVersion})`;
}

/** In the words of this program, which calls options flags; a value, which may be a secret, is not repeated. */
function oneLine(message: string, firstWord: string | undefined): string {
  const [, kind, name] = /^error: unknown (option|command) '([^'=]*)/.exec(message) ?? [];
  if (kind === 'command' && name !== undefined) {
    return `unknown command '${name}'${suggestion(name, COMMANDS)}`;
  }
  if (name !== undefined && firstWord !== 'run' && LONG_FLAGS.includes(name))
    return `flag '${name}' belongs behind 'run'`;
  if (name !== undefined) return `unknown flag '${name}'${suggestion(name, LONG_FLAGS)}`;
  return message
    .replace(/^error: /, '')
    .replace(/option '(?:-\w, )?(--[\w-]+) <.*>' argument missing/, "flag '$1' needs a value")
    .replaceAll('\n', ' ');
}

/** All flags of `picodata run`, for tests and the documentation. */
export const RUN_FLAGS: readonly string[] = ['cfg', ...OPTION_NAMES.map((name) => RUN_OPTIONS[name].flag), 'help'];
const LONG_FLAGS = RUN_FLAGS.map((flag) => `--${flag}`);
