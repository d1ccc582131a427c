export { IprotoServer, type IprotoServerOptions } from './server.ts';
