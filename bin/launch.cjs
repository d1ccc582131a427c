// Plain enough that a Node long out of date still reads it and refuses in words.
'use strict';

var major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write('picodata: needs Node 20 or later, this is ' + process.version + '\n');
  process.exit(1);
}
import('../dist/cli.js').catch(function (error) {
  var unbuilt = error.code === 'ERR_MODULE_NOT_FOUND' && /dist.cli\.js'/.test(error.message);
  process.stderr.write(
    unbuilt
      ? 'picodata: dist/cli.js is missing; run `npm run build`\n'
      : String((error && error.stack) || error) + '\n',
  );
  process.exit(1);
});
