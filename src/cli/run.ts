/** `picodata run`: an instance from its start to its end. */
import { bytesOfByteText, toByteText } from '../base/index.ts';
import { type CommandLine, type Env, FileError, Logger } from '../env/index.ts';
import { createNodeEnv } from '../env/node/index.ts';
import {
  Instance,
  type InstanceOptions,
  instanceInformation,
  StartError,
  startFailureText,
  Watchdog,
} from '../instance/index.ts';
import { Console, type ConsoleLanguage, JavaScriptLanguage, LuaLanguage } from '../server/console/index.ts';
import {
  adminSocketLine,
  connectLine,
  dataLine,
  identityLine,
  metricsLine,
  openToOthersLine,
  type Recovered,
  softwareLine,
  trustLine,
} from './announcement.ts';
import { COOKIE_FILE, readCookieFile } from './cookie.ts';
import { Lifetime } from './lifetime.ts';
import { ProgressLine, RecoveryReport } from './recovery-report.ts';
import type { OptionValue } from './option-values.ts';
import type { GivenCookie, RunSettings } from './run-settings.ts';

/** What monitoring waits for, as Tarantool says it. */
const READY = 'ready to accept requests';

/** Runs the instance; the process ends through its Lifetime. Rejects, or throws, if the log cannot be opened. */
export async function runInstance(commandLine: CommandLine, settings: RunSettings): Promise<void> {
  const { terminal } = commandLine;
  const line = terminal.isErrorScreen ? new ProgressLine(terminal) : null;
  const plainEnv = openEnv(settings);
  const env: Env = line === null ? plainEnv : { ...plainEnv, log: line.guard(plainEnv.log) };
  const log = new Logger(env.log, 'main');
  const lifetime = new Lifetime(env, commandLine);
  log.info(softwareLine(commandLine.nodeVersion, env.process.hostName()));
  let instance: Instance;
  let recovered: Recovered | null;
  let cookie: GivenCookie | null;
  try {
    cookie = settings.cookie ?? cookieOfDirectory(env, settings.instance.dataDir);
    const options = withTrust(settings, cookie);
    const report = new RecoveryReport(env.clock, log, line);
    instance = await Instance.start(env, options, {
      onProgress: (stage, rows, fraction) => report.progress(stage, rows, fraction),
      onFailure: (error) => lifetime.fail(error),
      onExit: () => lifetime.stop('os.exit()'),
      writeOutput: (text) => commandLine.writeBytes(bytesOfByteText(text)),
      screenColumns: () => terminal.screenColumns,
    });
    recovered = report.finish();
  } catch (error) {
    line?.clear();
    const text = startFailureText(error);
    log.fatal(text);
    if (settings.log.destination !== 'stderr') terminal.writeError(`picodata: ${text}\n`);
    commandLine.exit(1);
  }
  if (!lifetime.started(instance)) return;
  announce(log, instance, recovered, cookie?.source ?? '');
  const watchdog = new Watchdog(env.clock, env.timers, new Logger(env.log, 'watchdog'));
  watchdog.start();
  lifetime.onEnd = () => watchdog.stop();
  log.info(READY);
  if (settings.expression !== null && !(await runExpression(instance, settings.expression, lifetime))) return;
  if (terminal.isInteractive) openConsole(commandLine, lifetime, instance);
}

/** A log that cannot be written to is the only thing of an Env that can fail. */
function openEnv({ log }: RunSettings): Env {
  try {
    return createNodeEnv({ log });
  } catch (error) {
    if (error instanceof FileError) throw new Error(`the log cannot be opened: ${error.message}`);
    throw error;
  }
}

function cookieOfDirectory(env: Env, dataDir: string): GivenCookie | null {
  const text = readCookieFile(env.files, dataDir);
  return text === null ? null : { text, source: env.files.join(dataDir, COOKIE_FILE) };
}

function withTrust(settings: RunSettings, cookie: GivenCookie | null): InstanceOptions {
  const trust = cookie === null ? ({ kind: 'open' } as const) : ({ kind: 'closed', cookie: cookie.text } as const);
  return { ...settings.instance, trust };
}

function announce(log: Logger, instance: Instance, recovered: Recovered | null, cookieSource: string): void {
  const { options } = instance;
  const information = instanceInformation(instance);
  log.info(identityLine(information));
  log.info(dataLine(information.dataDir, recovered));
  log.info(trustLine(options.trust, cookieSource, instance.env.files.join(options.dataDir, COOKIE_FILE)));
  const warning = openToOthersLine(options.trust, options.listen);
  if (warning !== null) log.warn(warning);
  if (options.adminSocket !== null) log.info(adminSocketLine(options.adminSocket));
  if (information.httpListen !== null) log.info(metricsLine(information.httpListen));
  for (const address of information.listen) {
    log.info(`listening on ${address}`);
    log.info(connectLine(address));
  }
}

/** False if it failed, which ends the instance, or ended it. */
async function runExpression(instance: Instance, { text, source }: OptionValue, lifetime: Lifetime): Promise<boolean> {
  try {
    await instance.lua.program(toByteText(text), `=${source}`)();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    lifetime.fail(new StartError(problem.startsWith(`${source}:`) ? problem : `${source}: ${problem}`));
  }
  return !lifetime.isEnding;
}

function openConsole(commandLine: CommandLine, lifetime: Lifetime, instance: Instance): void {
  const { env, box } = instance;
  const { terminal } = commandLine;
  const session = box.sessions.open('repl', '', box.adminSession.user);
  const javaScript = new JavaScriptLanguage({
    box,
    session,
    scripts: env.scripts,
    write: (text) => terminal.writeOutput(text),
    information: () => instanceInformation(instance),
  });
  const languages = new Map<string, ConsoleLanguage>([
    ['lua', new LuaLanguage(instance.lua, () => session)],
    ['js', javaScript],
  ]);
  const console = new Console({ terminal, name: 'picodata', languages });
  const stopBefore = lifetime.onEnd;
  lifetime.onEnd = () => {
    stopBefore();
    console.close();
  };
  terminal.writeOutput(
    'This is a console inside the instance, in Lua; \\help says what it can do, \\set language js changes to JavaScript.\n',
  );
  console.run().then(
    () => lifetime.stop('the console was quit'),
    (error: unknown) => lifetime.fail(error),
  );
}
