return require('loop-b')
