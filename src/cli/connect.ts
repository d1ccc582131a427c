/** `picodata connect`: a console on a running instance, over iproto or over a text console's socket. */
import { SERVICE_USER_NAME } from '../config/index.ts';
import type { Address, CommandLine } from '../env/index.ts';
import { createFiles, createNodeEnv } from '../env/node/index.ts';
import { parseAddress, formatAddress } from '../client/index.ts';
import { Console, RemoteLanguage } from '../server/console/index.ts';
import { readText } from './text-file.ts';
import { UsageError } from './usage-error.ts';
import type { ConnectWords } from './words.ts';

const COOKIE_VARIABLE = 'PICODATA_CLUSTER_COOKIE';
const PASSWORD_BYTES_MAX = 4096;

type Login = Readonly<{ user: string; password: string }>;

/** Ends when the person quits or the input ends. Rejects with an Error that names the address. */
export async function runConnect(commandLine: CommandLine, words: ConnectWords): Promise<void> {
  const { terminal } = commandLine;
  const [userOfTarget, place] = splitTarget(words.target);
  const address = addressOf(place);
  const login = loginOf(commandLine, words, userOfTarget);
  const env = createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });
  const language = await RemoteLanguage.connect(env, address, login);
  const name = formatAddress(address);
  if (terminal.isInteractive) terminal.writeOutput(`connected to ${name}\n`);
  const console = new Console({ terminal, name, languages: new Map([['lua', language]]) });
  try {
    await console.run();
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  commandLine.exit(0);
}

function splitTarget(target: string): readonly [user: string | null, place: string] {
  const at = target.lastIndexOf('@');
  return at < 0 ? [null, target] : [target.slice(0, at), target.slice(at + 1)];
}

function addressOf(place: string): Address {
  try {
    return parseAddress(place.includes('/') ? `unix/:${place.replace(/^unix\/:/, '')}` : place);
  } catch {
    throw new UsageError(`'${place}' is neither HOST:PORT nor the path of a socket`);
  }
}

/** The user that was named, or the service user with the cluster's cookie; null for guest. */
function loginOf(commandLine: CommandLine, words: ConnectWords, userOfTarget: string | null): Login | null {
  const named = words.user ?? userOfTarget;
  if (named !== null) {
    const [, user = '', password] = /^([^:]*)(?::(.*))?$/.exec(named) ?? [];
    return { user, password: password ?? readPassword(words.passwordFile) };
  }
  const cookie = words.cookie ?? commandLine.environment[COOKIE_VARIABLE];
  return cookie === undefined ? null : { user: SERVICE_USER_NAME, password: cookie };
}

function readPassword(file: string | null): string {
  if (file === null) return '';
  try {
    return readText(createFiles(), file, PASSWORD_BYTES_MAX).replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`--password-file: ${error instanceof Error ? error.message : String(error)}`);
  }
}
