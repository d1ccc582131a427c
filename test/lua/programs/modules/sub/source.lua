return debug.sourcefile(), debug.sourcedir()
