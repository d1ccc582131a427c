export { LogBrokenError } from './log-file.ts';
export { type BlockHandler, LogFileCursor, type LogFileCursorOptions, type RowHandler } from './log-file-cursor.ts';
export {
  IN_PROGRESS_SUFFIX,
  listLogFiles,
  listSignatures,
  type LogFileChecks,
  type LogFileEntry,
  logFilePath,
} from './log-files.ts';
export { asLogReply, asLogRequest, type LogReply, type LogRequest, type LogWorkerParameters } from './log-protocol.ts';
export { LogReader, type LogReaderOptions } from './log-reader.ts';
export { runLogWorker } from './log-worker.ts';
export {
  type LogBatch,
  LogFileWriter,
  type LogWriteResult,
  type LogWriterOptions,
  type WalMode,
} from './log-writer.ts';
export { LogClient, type LogStatistics } from './log-client.ts';
