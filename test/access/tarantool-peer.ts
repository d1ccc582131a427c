/** A real server, asked over iproto. */
import { isDeepStrictEqual } from 'node:util';
import {
  containerHeaderSize,
  decodeError,
  readUnsigned,
  skipValue,
  type Value,
} from '../../src/codec/msgpack/index.ts';
import { describeValue } from '../conformance/describe.ts';
import { KEY, loginPacket, RawConnection, readResponse, REQUEST, requestPacket } from '../support/raw-iproto.ts';
import type { TestServer } from '../support/test-server.ts';
import type { Outcome, Request, RightsPeer, Step } from './steps.ts';
