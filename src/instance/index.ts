export { type InstanceInformation, instanceInformation } from './information.ts';
export { Instance, type InstanceHandlers, startFailureText } from './instance.ts';
export { DEFAULT_INSTANCE_OPTIONS, type InstanceOptions, type Trust } from './options.ts';
export { StartError } from './storage.ts';
export { type HeldThread, Watchdog } from './watchdog.ts';
export { TarantoolProgram } from './tarantool/program.ts';
