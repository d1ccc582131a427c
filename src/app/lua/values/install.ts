/** Puts the libraries of values into a Lua state, as packages that `require` finds. */
import type { Clock, Crypto, RandomSource } from '../../../env/index.ts';
import { ForeignFunctions } from '../ffi/library.ts';
import type { LuaState } from '../state.ts';
import { createBufferLibrary } from './buffer.ts';
import { createCryptoLibrary } from './crypto.ts';
import { createCsvLibrary } from './csv.ts';
import { createDigestLibrary } from './digest.ts';
import { createDatetimeLibrary } from './datetime-library.ts';
import { createDecimalLibrary } from './decimal.ts';
import { createIconvLibrary } from './iconv.ts';
import { createJsonLibrary } from './json.ts';
import { createMsgpackFfiLibrary, createMsgpackLibrary } from './msgpack.ts';
import type { MsgpackConversion } from './msgpack-conversion.ts';
import { createPickleLibrary } from './pickle.ts';
import { serializerOf } from './serializer.ts';
import { createUriLibrary } from './uri.ts';
import { createUuidLibrary } from './uuid.ts';
import { createYamlLibrary } from './yaml.ts';

/** What the libraries need of the host. */
export type ValueNeeds = Readonly<{ random: RandomSource; crypto: Crypto; clock: Clock }>;

/** The conversion with the options of `msgpack.cfg`, for other libraries that speak MessagePack. */
export function installValueLibraries(state: LuaState, needs: ValueNeeds): MsgpackConversion {
  const { runtime, loaded } = state;
  const serializer = serializerOf(runtime);
  // Errors of the wire become what errors of the engine become.
  const msgpack = createMsgpackLibrary(serializer, {
    errorValue: (stack) => runtime.hostErrorValue(stack.toBoxError()),
  });
  const foreign = new ForeignFunctions(runtime);
  loaded.setString('ffi', foreign.library());
  loaded.setString('msgpack', msgpack.library);
  loaded.setString('msgpackffi', createMsgpackFfiLibrary(msgpack, serializer));
  loaded.setString('json', createJsonLibrary(serializer));
  loaded.setString('yaml', createYamlLibrary(serializer));
  loaded.setString('uuid', createUuidLibrary(needs.random));
  loaded.setString('decimal', createDecimalLibrary());
  loaded.setString('datetime', createDatetimeLibrary(needs.clock));
  loaded.setString('digest', createDigestLibrary(needs));
  loaded.setString('crypto', createCryptoLibrary(needs.crypto));
  loaded.setString('uri', createUriLibrary());
  loaded.setString('csv', createCsvLibrary(runtime));
  loaded.setString('iconv', createIconvLibrary());
  loaded.setString('pickle', createPickleLibrary());
  loaded.setString('buffer', createBufferLibrary(foreign));
  return msgpack.conversion;
}
