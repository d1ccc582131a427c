/**
 * Every effect of the product, as narrow ports. `env/node` implements them on Node, `sim/` in memory under one seed;
 * nothing else touches a clock, a socket, a file, a thread or randomness.
 *
 * Contracts that both implementations keep:
 * - Callbacks are never called from inside the call that registers them.
 * - `Timers.endOfTurn` callbacks run once, after the events of this turn and before the next ones are waited for.
 * - Files are synchronous: they are used at start, at stop, and inside workers. What was written but not synced may be
 *   lost, in part and out of order, by a crash; a rename is durable after `syncDirectory` of its directory.
 */
import type { Crypto } from './crypto.ts';

export interface Env {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: RandomSource;
  readonly files: Files;
  readonly fileSystem: FileSystem;
  readonly network: Network;
  readonly resolver: Resolver;
  readonly http: HttpClient;
  readonly httpServer: HttpServer;
  readonly processes: Processes;
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly workers: Workers;
  readonly process: ProcessControl;
  readonly scripts: Scripts;
  readonly log: LogSink;
}

/** What the code inside a worker may use. */
export type WorkerEnv = Pick<Env, 'clock' | 'files' | 'compression'>;

export interface Clock {
  /** Seconds since the Unix epoch, with fraction; may jump. */
  realtimeSeconds(): number;
  /** Milliseconds from an arbitrary start, with fraction; never goes back. */
  monotonicMs(): number;
}

export interface TimerHandle {
  cancel(): void;
}

export interface Timers {
  after(delayMs: number, callback: () => void): TimerHandle;
  every(periodMs: number, callback: () => void): TimerHandle;
  /**
   * Runs `callback` behind the events of this turn of the event loop. What is asked for while a turn ends, or by the
   * promises that its end resolves, runs once they are done, still in this turn; what is asked for by that, in the next one.
   */
  endOfTurn(callback: () => void): void;
  /** Runs `callback` when other events have had their turn: for work that is done in slices. */
  nextTurn(callback: () => void): void;
  /** A promise form of `after`, for start and stop. */
  sleep(delayMs: number): Promise<void>;
}

export interface RandomSource {
  /** Fills with unpredictable bytes. */
  fill(bytes: Uint8Array): void;
  uint32(): number;
}

export type FileOpenMode =
  | 'read'
  /** Creates the file; fails with `EEXIST` if it is there. */
  | 'create'
  /** Opens for reading and writing, creates if absent, keeps what is there. */
  | 'update';

export type FileStatus = Readonly<{
  kind: 'file' | 'directory' | 'other';
  sizeBytes: number;
  modifiedSeconds: number;
  device: number;
  inode: number;
  /** When it came to be, for another one may get its inode; 0 where the file system does not keep it. */
  birthMs: number;
  /** Whom the system lets in: the nine bits of owner, group and others. */
  permissions: number;
}>;

/** Failures are thrown as FileError. */
export interface Files {
  open(path: string, mode: FileOpenMode): OpenFile;
  /** Names (without path) in the directory, sorted. */
  list(directory: string): readonly string[];
  /** null if there is nothing. */
  status(path: string): FileStatus | null;
  makeDirectories(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): void;
  /** Free bytes of the file system that holds the path. */
  freeBytes(path: string): number;
  /** Locks the directory for this process until `release`; null if a living process holds it. Dead holders do not count. */
  lockDirectory(directory: string): DirectoryLock | null;
  /** Joins and normalises path segments. */
  join(...segments: readonly string[]): string;
  /** An absolute form of the path. */
  absolute(path: string): string;
}

export interface DirectoryLock {
  release(): void;
}

export interface OpenFile {
  readonly path: string;
  sizeBytes(): number;
  /** Reads up to `length` bytes at `position`; returns how many, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes all or throws; what was written before the failure may be there. */
  write(source: Uint8Array, offset: number, length: number, position: number): void;
  /** Makes the content durable (fdatasync). */
  sync(): void;
  truncate(sizeBytes: number): void;
  close(): void;
}

/** `code` is the errno name: ENOENT, EEXIST, ENOSPC, EIO, EACCES ...; `errno` its positive number. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: string;
  readonly errno: number;
  readonly path: string;
  readonly operation: string;

  constructor(code: string, errno: number, path: string, operation: string) {
    super(`${operation} ${path}: ${code}`);
    this.operation = operation;
    this.code = code;
    this.errno = errno;
    this.path = path;
  }
}

/** The status of a path as the system has it. Times are seconds since the Unix epoch. */
export type SystemStatus = Readonly<{
  device: number;
  inode: number;
  /** Kind and permissions, as in C's `st_mode`. */
  mode: number;
  links: number;
  userId: number;
  groupId: number;
  /** Of a device file: which device it is. */
  specialDevice: number;
  sizeBytes: number;
  blockSizeBytes: number;
  /** Of 512 bytes. */
  blocks: number;
  accessedSeconds: number;
  modifiedSeconds: number;
  changedSeconds: number;
}>;

/**
 * The system's own calls on files, for programs that users write; the product's files go through `Files`. Flags and modes
 * are Linux's numbers. Synchronous; failures are thrown as FileError.
 */
export interface FileSystem {
  open(path: string, flags: number, mode: number): SystemFile;
  /** `lstat` if a link is not to be followed. */
  status(path: string, followsLinks: boolean): SystemStatus;
  list(directory: string): readonly string[];
  makeDirectory(path: string, mode: number): void;
  removeDirectory(path: string): void;
  unlink(path: string): void;
  rename(from: string, to: string): void;
  link(existing: string, path: string): void;
  symbolicLink(target: string, path: string): void;
  readLink(path: string): string;
  changeMode(path: string, mode: number): void;
  changeOwner(path: string, userId: number, groupId: number): void;
  setTimes(path: string, accessedSeconds: number, modifiedSeconds: number): void;
  truncate(path: string, sizeBytes: number): void;
  copyFile(from: string, to: string): void;
  /** Makes a directory with a name that begins so and that nobody else has. */
  makeTemporaryDirectory(prefix: string): string;
  workingDirectory(): string;
  changeDirectory(path: string): void;
  /** Sets the mask of new files' modes and gives the one before. */
  setModeMask(mask: number): number;
  /** Makes everything durable that any program has written. */
  syncAll(): void;
}

export interface SystemFile {
  /** The number that the system has for it. */
  readonly descriptor: number;
  /** Reads at most as much as the target holds; returns how much, 0 at the end. */
  read(target: Uint8Array, position: number): number;
  /** Writes all; with position null where the file's end or its own position is. */
  write(source: Uint8Array, position: number | null): void;
  status(): SystemStatus;
  truncate(sizeBytes: number): void;
  /** Content, and with `withStatus` also what is kept about the file. */
  sync(withStatus: boolean): void;
  close(): void;
}

export interface Compression {
  zstdCompress(bytes: Uint8Array, level: number): Uint8Array;
  /** Throws if the frame is damaged or its content is larger than `maxBytes`. */
  zstdDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

export type Address =
  | Readonly<{ kind: 'tcp'; host: string; port: number }>
  /** `path` of a Unix domain socket. */
  | Readonly<{ kind: 'unix'; path: string }>;

export interface Network {
  /** Starts listening. Rejects with NetworkError (EADDRINUSE, EACCES ...). Port 0 takes a free one. */
  listen(address: Address, onConnection: (stream: Stream) => void): Promise<Listener>;
  /** Opens a connection. Rejects with NetworkError (ECONNREFUSED, ETIMEDOUT ...). */
  connect(address: Address, timeoutMs: number): Promise<Stream>;
}

export type ResolvedAddress = Readonly<{ family: 'IPv4' | 'IPv6'; host: string }>;

export interface Resolver {
  /** Addresses of a host's name, in the order in which they are to be tried. Rejects with NetworkError (ENOTFOUND ...). */
  resolve(host: string): Promise<readonly ResolvedAddress[]>;
}

export type HttpRequest = Readonly<{
  method: string;
  url: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array | null;
  /** Until the whole answer is there. */
  timeoutMs: number;
  /** A Unix domain socket to connect to instead of the URL's host. */
  socketPath: string | null;
  followsRedirects: boolean;
  maxHeaderBytes: number;
  tls: Readonly<{
    verifiesPeer: boolean;
    authorities: Uint8Array | null;
    certificate: Uint8Array | null;
    privateKey: Uint8Array | null;
  }>;
}>;

export type HttpResponse = Readonly<{
  status: number;
  reason: string;
  /** As `HTTP/1.1`. */
  protocol: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}>;

export interface HttpClient {
  /** Any answer resolves. Rejects with NetworkError: ETIMEDOUT, ECONNREFUSED, ENOTFOUND, EINVAL for a URL that is none. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export type HttpServerLimits = Readonly<{
  /** Open at a time; further ones are closed. */
  connectionsMax: number;
  /** Of the request line and the fields; beyond it the answer is 431. */
  headerBytesMax: number;
  /** Until a request has come as a whole, and for a client to take a part of its answer. */
  requestMsMax: number;
  /** Between two requests of a connection. */
  idleMsMax: number;
}>;

/** What a client asks for; a body that comes with it is not read. */
export type HttpQuestion = Readonly<{
  method: string;
  /** As it stands in the request line. */
  target: string;
}>;

export type HttpAnswer = Readonly<{
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}>;

export interface HttpServer {
  /**
   * Answers HTTP/1.1 at the address; of `HEAD` the body is left out. What is no HTTP, or beyond a limit, is answered here.
   * Rejects with NetworkError, as `Network.listen`. Closing the listener also closes its connections.
   */
  listen(address: Address, limits: HttpServerLimits, answer: (question: HttpQuestion) => HttpAnswer): Promise<Listener>;
}

/** Where a child's stream comes from or goes. */
export type ChildStream = 'pipe' | 'inherit' | 'null' | 'close';

export type ChildOptions = Readonly<{
  /** The program and its arguments. */
  command: readonly string[];
  /** Null inherits ours. */
  environment: Readonly<Record<string, string>> | null;
  streams: readonly [input: ChildStream, output: ChildStream, error: ChildStream];
  /** The child leads a session, and a process group, of its own. */
  ownSession: boolean;
}>;

export type ChildHandlers = Readonly<{
  onOutput: (chunk: Uint8Array) => void;
  onError: (chunk: Uint8Array) => void;
  /** The stream is at its end. */
  onOutputEnd: () => void;
  onErrorEnd: () => void;
  /** Called once; `signal` is the name of what ended it, as SIGKILL. */
  onExit: (code: number | null, signal: string | null) => void;
}>;

export interface Child {
  readonly pid: number;
  /** Resolves when the pipe has taken the bytes; rejects with NetworkError (EPIPE). */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  /** Stops listening to the stream. */
  closeOutput(stream: 'output' | 'error'): void;
  /** Also to its whole group. Throws FileError (ESRCH, EPERM). */
  signal(number: number, toGroup: boolean): void;
}

/** Other programs, for programs that users write. */
export interface Processes {
  /** Throws FileError (ENOENT, EACCES) if the program cannot be started. */
  start(options: ChildOptions, handlers: ChildHandlers): Promise<Child>;
}

export interface Listener {
  /** Where it really listens. */
  readonly address: Address;
  close(): Promise<void>;
}

/**
 * A byte stream in both directions. Handlers are set once, right after the stream is had, by `start`.
 * After `onClose` nothing else is called.
 */
export interface Stream {
  /** As `box.session.peer()` prints it: host:port, or unix/:path. */
  readonly peer: string;
  /** Our own end in the same form; absent where it is not known. */
  readonly local?: string;
  /** Of the socket; absent where there is none. */
  readonly descriptor?: number;
  start(handlers: StreamHandlers): void;
  /**
   * Queues bytes for sending; they belong to the stream until `onWritten` of this call has run, which happens in order,
   * also when the connection breaks. Returns the bytes queued and not yet handed to the system.
   */
  write(bytes: Uint8Array, onWritten?: () => void): number;
  readonly queuedBytes: number;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes our direction. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export type StreamHandlers = Readonly<{
  /** The chunk is valid during the call only. */
  onData: (chunk: Uint8Array) => void;
  /** The peer closed its direction. */
  onEnd: () => void;
  /** Queued bytes fell to zero after a `write` that left some. */
  onDrain: () => void;
  /** The connection is gone; `error` names why, null after a regular end. */
  onClose: (error: NetworkError | null) => void;
}>;

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The closed list of what can run in a worker; `instance/workers` has one entry for each. */
export type WorkerKind = 'log' | 'checkpoint' | 'recovery' | 'relay';

export interface Workers {
  /**
   * Starts a worker. `parameters` are plain data. A worker that dies by an exception calls `onFailure` once.
   */
  start(kind: WorkerKind, parameters: WorkerMessage, handlers: WorkerHandlers): WorkerHandle;
}

export type WorkerHandlers = Readonly<{
  onMessage: (message: WorkerMessage) => void;
  onFailure: (error: Error) => void;
}>;

export interface WorkerHandle {
  /** Buffers in `transfer` move to the worker and are empty here afterwards. */
  post(message: WorkerMessage, transfer?: readonly ArrayBuffer[]): void;
  /** Resolves when the worker has ended; it ends after the messages posted before. */
  stop(): Promise<void>;
}

/** Plain data, as structured clone takes it. */
export type WorkerMessage =
  null | boolean | number | string | Uint8Array | readonly WorkerMessage[] | { readonly [key: string]: WorkerMessage };

/** The worker's side of the channel. */
export interface WorkerChannel {
  post(message: WorkerMessage, transfer?: readonly ArrayBuffer[]): void;
  onMessage(handler: (message: WorkerMessage) => void): void;
  /** Called once, after the last message, when the owner stops the worker. */
  onStop(handler: () => void): void;
}

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR1';

export interface ProcessControl {
  readonly pid: number;
  hostName(): string;
  /** Whom the system takes this process for. */
  userId(): number;
  /** How the system's lists of processes show this one. */
  setTitle(title: string): void;
  /** Processor time that the process has used, in seconds. */
  processorSeconds(): number;
  /** Seconds by which local time is ahead of universal time at this moment, given in seconds since the Unix epoch. */
  localOffsetSeconds(realtimeSeconds: number): number;
  onSignal(signal: Signal, handler: () => void): void;
  /** Resident memory, JavaScript's heap in use, and what it may grow to, in bytes. */
  memoryUsage(): Readonly<{ residentBytes: number; heapBytes: number; heapBytesMax: number }>;
  /** Ends the process at once, for broken invariants. */
  abort(reason: string): never;
}

export interface Scripts {
  /** Imports a user's module by path; rejects with the loader's own error. */
  importModule(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** The value of a JavaScript expression, for code that the product generates; stack frames bear the name. */
  compile(source: string, name: string): unknown;
  /** A fresh JavaScript context with nothing of the host but the globals given. */
  createContext(globals: Readonly<Record<string, unknown>>): ScriptContext;
}

/** What is declared in one text is there for the next ones. Values belong to another realm: see `Array.isArray`. */
export interface ScriptContext {
  /** Whether the text is the beginning of a program and can still become one by more lines. */
  isIncomplete(text: string): boolean;
  /** Whether the text is a program. */
  isValid(text: string): boolean;
  /**
   * Runs the text as a program and gives the value of its last statement. Throws whatever the text throws, or the error
   * of its syntax. An interrupt of the terminal ends a text that runs.
   */
  evaluate(text: string): unknown;
}

export const LOG_LEVELS = ['fatal', 'system', 'error', 'crit', 'warn', 'info', 'verbose', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One record of the log; sinks decide the form and where it goes. */
export interface LogSink {
  /** Records of a less urgent level are dropped; may be changed. */
  level: LogLevel;
  write(
    level: LogLevel,
    module: string,
    message: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
