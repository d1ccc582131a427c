return require('loop-a')
