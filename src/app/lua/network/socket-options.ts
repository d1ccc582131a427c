/** Options of sockets by name, and what a socket without the system's own options answers. */
export const SOCKET_OPTION_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['SO_DEBUG', 1],
  ['SO_REUSEADDR', 2],
  ['SO_TYPE', 3],
  ['SO_ERROR', 4],
  ['SO_DONTROUTE', 5],
  ['SO_BROADCAST', 6],
  ['SO_SNDBUF', 7],
  ['SO_RCVBUF', 8],
  ['SO_KEEPALIVE', 9],
  ['SO_OOBINLINE', 10],
  ['SO_PRIORITY', 12],
  ['SO_LINGER', 13],
  ['SO_PASSCRED', 16],
  ['SO_PEERCRED', 17],
  ['SO_RCVLOWAT', 18],
  ['SO_SNDLOWAT', 19],
  ['SO_RCVTIMEO', 20],
  ['SO_SNDTIMEO', 21],
  ['SO_BINDTODEVICE', 25],
  ['SO_TIMESTAMP', 29],
  ['SO_ACCEPTCONN', 30],
  ['SO_SNDBUFFORCE', 32],
  ['SO_RCVBUFFORCE', 33],
  ['SO_MARK', 36],
  ['SO_PROTOCOL', 38],
  ['SO_DOMAIN', 39],
  ['TCP_NODELAY', 1],
  ['TCP_MAXSEG', 2],
  ['TCP_CORK', 3],
  ['TCP_KEEPIDLE', 4],
  ['TCP_KEEPINTVL', 5],
  ['TCP_KEEPCNT', 6],
  ['TCP_SYNCNT', 7],
  ['TCP_LINGER2', 8],
  ['TCP_DEFER_ACCEPT', 9],
  ['TCP_WINDOW_CLAMP', 10],
  ['TCP_INFO', 11],
  ['TCP_QUICKACK', 12],
  ['TCP_CONGESTION', 13],
  ['TCP_USER_TIMEOUT', 18],
  ['TCP_FASTOPEN', 23],
]);

/** Options that can only be read. */
export const READ_ONLY_OPTIONS: ReadonlySet<string> = new Set([
  'SO_TYPE',
  'SO_ERROR',
  'SO_LINGER',
  'SO_PEERCRED',
  'SO_ACCEPTCONN',
  'SO_PROTOCOL',
  'SO_DOMAIN',
  'TCP_INFO',
]);

export const DOMAINS: ReadonlyMap<string, number> = new Map([
  ['AF_UNIX', 1],
  ['AF_LOCAL', 1],
  ['PF_UNIX', 1],
  ['PF_LOCAL', 1],
  ['AF_INET', 2],
  ['PF_INET', 2],
  ['AF_INET6', 10],
  ['PF_INET6', 10],
]);

export const SOCKET_TYPES: ReadonlyMap<string, number> = new Map([
  ['SOCK_STREAM', 1],
  ['SOCK_DGRAM', 2],
  ['SOCK_RAW', 3],
]);

export const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['ip', 0],
  ['tcp', 6],
  ['udp', 17],
]);

export const ADDRESS_FLAGS: Readonly<Record<string, number>> = {
  AI_PASSIVE: 1,
  AI_CANONNAME: 2,
  AI_NUMERICHOST: 4,
  AI_V4MAPPED: 8,
  AI_ALL: 16,
  AI_ADDRCONFIG: 32,
  AI_NUMERICSERV: 1024,
};

export const SEND_FLAGS: Readonly<Record<string, number>> = {
  MSG_OOB: 1,
  MSG_PEEK: 2,
  MSG_DONTROUTE: 4,
  MSG_TRUNC: 32,
  MSG_DONTWAIT: 64,
  MSG_EOR: 128,
  MSG_WAITALL: 256,
  MSG_NOSIGNAL: 16384,
  MSG_MORE: 32768,
};
