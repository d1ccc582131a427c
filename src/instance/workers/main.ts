/** Entry of every worker thread: runs what its owner asked for. */
import { unreachable } from '../../base/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../engine/checkpoint/index.ts';
import { runLogWorker } from '../../engine/wal/index.ts';
import { runRelayWorker } from '../../replication/index.ts';
import { createWorkerEnv, workerChannel, workerStart } from '../../env/node/index.ts';

const { kind, parameters } = workerStart();
switch (kind) {
  case 'log':
    runLogWorker(createWorkerEnv(), workerChannel(), parameters);
    break;
  case 'checkpoint':
    runCheckpointWorker(createWorkerEnv(), workerChannel(), parameters);
    break;
  case 'recovery':
    runReadingWorker(createWorkerEnv(), workerChannel(), parameters);
    break;
  case 'relay':
    runRelayWorker(createWorkerEnv(), workerChannel());
    break;
  default:
    unreachable(kind);
}
